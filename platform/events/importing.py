"""Past behaviour, straight into the log: any age, as often as one likes, each event once.

Rows are committed to the table itself rather than journalled: the drain's window of recent ids does
not reach back years, but an import knows which days its rows are of, and asks the table for theirs.
Each chunk is one commit, so an import that was killed is finished by repeating it.
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from events.delta import LogTable
from events.exceptions import InvalidField, LogConflict
from events.import_columns import Columns
from events.import_rows import BehaviourFile, open_behaviour
from events.import_shapes import DERIVED, event_of_row
from events.paths import literally
from events.records import Event
from events.schema import to_table
from imports.exceptions import ImportRefused
from imports.rows import OnRejection, Progress, RejectedRow, Row

CHUNK_ROWS = 500_000  # of one commit: fewer would make too many small files
BATCH_ROWS = 20_000  # held as objects at a time; the rest of a chunk is Arrow, a fifth of the size
APP_ID = "import"
ATTEMPTS = 5


@dataclass(kw_only=True)
class ImportResult:
    """Counts of rows.

    A dry run counts as `added` what is sound and not twice in one chunk; it asks no log.
    """

    added: int = 0
    already_there: int = 0
    rejected: int = 0


def import_events(
    path: Path,
    *,
    log_dir: Path,
    now: datetime,
    columns: Columns | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, size: None,
    on_rejection: OnRejection = lambda row: None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportResult:
    """Add the file's events to the log; those it already has (by id) are left as they are.

    `columns` says how the file names the fields of an event (`import_shapes` says what they are
    without). A dry run reads and judges every row and writes nothing. `progress` is told (done,
    size) now and then, `on_rejection` of every row that is not taken. Raises ImportRefused, with
    nothing imported, for a file of another shape or while another import runs.
    """
    importer = _Import(now, on_rejection)
    with open_behaviour(path, columns or Columns()) as file:
        if dry_run:
            for chunk in importer.chunks(file, chunk_rows, progress):
                importer.result.added += chunk.num_rows
            return importer.result
        with _only_import(log_dir):
            table = LogTable(log_dir, "events")
            for chunk in importer.chunks(file, chunk_rows, progress):
                added = _add(table, chunk)
                importer.result.added += added
                importer.result.already_there += chunk.num_rows - added
    return importer.result


class _Import:
    """The rows of one file on their way to tables, and the count of what is none."""

    def __init__(self, now: datetime, on_rejection: OnRejection) -> None:
        self.result = ImportResult()
        self._now = now
        self._on_rejection = on_rejection

    def chunks(
        self, file: BehaviourFile, chunk_rows: int, progress: Progress
    ) -> Iterator[pa.Table]:
        """Tables of about `chunk_rows` rows, each id once within one."""
        tables: list[pa.Table] = []
        ids: set[str] = set()
        while rows := list(islice(file.rows, min(BATCH_ROWS, chunk_rows))):
            tables.append(to_table("events", self._new(self._events(rows), ids)))
            progress(rows[-1].position, file.size)
            if len(ids) >= chunk_rows:
                yield pa.concat_tables(tables)
                tables, ids = [], set()
        if ids:
            yield pa.concat_tables(tables)

    def _new(self, events: Iterator[Event], ids: set[str]) -> list[Event]:
        new = []
        for event in events:
            if event.id in ids:
                self.result.already_there += 1
            else:
                ids.add(event.id)
                new.append(event)
        return new

    def _events(self, rows: Sequence[Row]) -> Iterator[Event]:
        for row in rows:
            try:
                yield event_of_row(row, self._now)
            except InvalidField as error:
                self._reject(row, error)

    def _reject(self, row: Row, error: InvalidField) -> None:
        self.result.rejected += 1
        self._on_rejection(RejectedRow(line=row.line, field=error.field, error=error.error))


def _add(table: LogTable, rows: pa.Table) -> int:
    """Commit those rows that the table has not, and return how many."""
    for _ in range(ATTEMPTS):
        table.refresh()
        fresh = _not_in(table, rows)
        try:
            if fresh.num_rows:
                table.append(fresh, {APP_ID: table.committed(APP_ID) + 1})
        except LogConflict:
            continue  # another host's import committed: perhaps the same rows
        return int(fresh.num_rows)
    raise ImportRefused("Other imports keep committing to the log. Run one at a time.")


def _not_in(table: LogTable, rows: pa.Table) -> pa.Table:
    files = _files_to_search(table, rows)
    if not files:
        return rows
    with duckdb.connect() as connection:
        connection.register("chunk", rows.select(["id"]))
        # Only the chunk's ids are held in memory; the log's, which may be any number, pass by.
        query = "SELECT id FROM read_parquet(?) SEMI JOIN chunk USING (id)"
        known = connection.execute(query, [literally(files)]).to_arrow_table()["id"]
    return rows.filter(pc.invert(pc.is_in(rows["id"], value_set=known.combine_chunks())))


def _files_to_search(table: LogTable, rows: pa.Table) -> list[str]:
    """An id that was derived from the row has its day; one that was given may lie anywhere."""
    if pc.all(pc.starts_with(rows["id"], DERIVED)).as_py():
        days = pc.min_max(rows["day"]).as_py()
        return table.files(since=days["min"].isoformat(), until=days["max"].isoformat())
    return table.files()


@contextmanager
def _only_import(log_dir: Path) -> Iterator[None]:
    log_dir.mkdir(parents=True, exist_ok=True)
    with (log_dir / "import.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportRefused("Another import into this log is running. Wait for it.") from None
        yield
