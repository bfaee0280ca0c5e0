"""Past behaviour, straight into the log: any age, as often as one likes, each event once.

Rows are committed to the table itself rather than journalled: the drain's window of recent ids does
not reach back years, but an import knows which days its rows are of, and asks the table for theirs.
What waits in this host's journals counts as there: it was acknowledged, and comes as it is.
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
from deltalake.exceptions import DeltaError

from events.adding import Chunk, add
from events.delta import LogTable
from events.erased import StandingOrders
from events.exceptions import EventsError, InvalidField
from events.import_columns import Columns
from events.import_rows import BehaviourFile, open_behaviour
from events.import_shapes import event_of_row
from events.records import Event
from events.schema import to_table
from imports.exceptions import ImportRefused, ImportStopped
from imports.rows import OnRejection, Progress, RejectedRow, Row

CHUNK_ROWS = 500_000  # of one commit: fewer would make too many small files
CHUNK_BYTES = 128 * 2**20  # as Arrow: a row of many properties takes a thousand times a plain one
BATCH_ROWS = 2_000  # held as objects at a time; the rest of a chunk is Arrow, a fifth of the size


@dataclass(kw_only=True)
class ImportResult:
    """Counts of rows.

    `erased` are of people whose erasure was asked for since the import began. A dry run counts as
    `added` what is sound and not twice in one chunk; it asks no log.
    """

    added: int = 0
    already_there: int = 0
    erased: int = 0
    rejected: int = 0


def import_events(
    path: Path,
    *,
    log_dir: Path,
    journal_dir: Path,
    now: datetime,
    columns: Columns | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, size: None,
    on_rejection: OnRejection = lambda row: None,
    chunk_rows: int = CHUNK_ROWS,
    chunk_bytes: int = CHUNK_BYTES,
) -> ImportResult:
    """Add the file's events to the log; those it already has (by id), or that wait in this host's
    journals, are left as they are.

    `columns` says how the file names the fields of an event (`import_shapes` says what they are
    without). A dry run reads and judges every row and writes nothing. `progress` is told (done,
    size) now and then, `on_rejection` of every row that is not taken. Raises ImportRefused, with
    nothing imported, for a file of another shape or while another import runs; ImportStopped where
    the log cannot be read or written.
    """
    importer = _Import(now, on_rejection, chunk_rows, chunk_bytes)
    with open_behaviour(path, columns or Columns()) as file:
        if dry_run:
            for chunk in importer.chunks(file, progress):
                importer.result.added += chunk.rows.num_rows
            return importer.result
        with _failures_said(), _only_import(log_dir):
            table, orders = LogTable(log_dir, "events"), StandingOrders(log_dir)
            for chunk in importer.chunks(file, progress):
                done = add(table, journal_dir, orders, chunk)
                importer.result.added += done.added
                importer.result.erased += done.erased
                importer.result.already_there += chunk.rows.num_rows - done.added - done.erased
    return importer.result


class _Import:
    """The rows of one file on their way to tables, and the count of what is none."""

    def __init__(
        self, now: datetime, on_rejection: OnRejection, chunk_rows: int, chunk_bytes: int
    ) -> None:
        self.result = ImportResult()
        self._now = now
        self._on_rejection = on_rejection
        self._chunk_rows = chunk_rows
        self._chunk_bytes = chunk_bytes
        self._ids_given = False

    def chunks(self, file: BehaviourFile, progress: Progress) -> Iterator[Chunk]:
        """Chunks of about as many rows, or bytes, as one may have; each id once within one."""
        tables, ids, size = [], set[str](), 0
        while rows := list(islice(file.rows, min(BATCH_ROWS, self._chunk_rows))):
            table = to_table("events", self._new(self._events(rows), ids))
            tables.append(table)
            size += table.nbytes
            progress(rows[-1].position, file.size)
            if len(ids) >= self._chunk_rows or size >= self._chunk_bytes:
                yield self._chunk(tables)
                tables, ids, size = [], set(), 0
        if ids:
            yield self._chunk(tables)

    def _chunk(self, tables: Sequence[pa.Table]) -> Chunk:
        chunk = Chunk(rows=pa.concat_tables(tables), ids_given=self._ids_given)
        self._ids_given = False
        return chunk

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
            self._ids_given |= row.cells.get("id") is not None
            try:
                yield event_of_row(row, self._now)
            except InvalidField as error:
                self._reject(row, error)

    def _reject(self, row: Row, error: InvalidField) -> None:
        self.result.rejected += 1
        self._on_rejection(RejectedRow(line=row.line, field=error.field, error=error.error))


@contextmanager
def _failures_said() -> Iterator[None]:
    try:
        yield
    except (OSError, EventsError, DeltaError, duckdb.Error, pa.ArrowException) as error:
        raise ImportStopped(f"the log cannot be read or written: {error}") from error


@contextmanager
def _only_import(log_dir: Path) -> Iterator[None]:
    log_dir.mkdir(parents=True, exist_ok=True)
    with (log_dir / "import.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportRefused("Another import into this log is running. Wait for it.") from None
        yield
