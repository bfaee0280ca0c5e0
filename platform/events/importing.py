"""Past behaviour, straight into the log: any age, as often as one likes, each event once.

Chunks are committed to the table itself rather than journalled: the drain's window of recent ids
does not reach back years, but an import knows which days its rows are of, and asks the table for
theirs. Each chunk is one commit, so an import that was killed is finished by repeating it.
"""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

from events.delta import LogTable
from events.exceptions import ImportRefused, InvalidField, LogConflict
from events.import_rows import Row, as_json, open_rows
from events.records import Event
from events.schema import to_table
from events.validation import event_of

CHUNK_ROWS = 100_000
KEPT_REJECTIONS = 1000
APP_ID = "import"
ATTEMPTS = 5
DERIVED = "import-"


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """Why the row at `line` was not imported; `field` is empty for the whole row."""

    line: int
    field: str
    error: str


@dataclass(kw_only=True)
class ImportResult:
    """Counts of rows; `rejections` holds the first 1,000 reasons."""

    added: int = 0
    already_there: int = 0
    rejected: int = 0
    rejections: list[RejectedRow] = field(default_factory=list)

    def reject(self, row: Row, error: InvalidField) -> None:
        """Count a row that was not imported, and why."""
        self.rejected += 1
        if len(self.rejections) < KEPT_REJECTIONS:
            rejection = RejectedRow(line=row.line, field=error.field, error=error.error)
            self.rejections.append(rejection)


def import_events(
    path: Path,
    *,
    log_dir: Path,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, size: None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportResult:
    """Add the file's events to the log; those it already has (by id) are left as they are.

    Columns: user, item, at, and type, value, id where there are any. Without a type, a row with a
    value is a `rating`, any other a `view`. Without an id, equal rows are one event. `progress` is
    told (done, size) after each chunk. Raises ImportRefused, with nothing imported, for a file of
    another shape or while another import runs.
    """
    result = ImportResult()
    with open_rows(path) as file, _only_import(log_dir):
        table = LogTable(log_dir, "events")
        while rows := list(islice(file.rows, chunk_rows)):
            events = list(_events(rows, now, result))
            added = _add(table, events)
            result.added += added
            result.already_there += len(events) - added
            progress(rows[-1].position, file.size)
    return result


def _events(rows: Sequence[Row], now: datetime, result: ImportResult) -> Iterator[Event]:
    for row in rows:
        try:
            yield _event(row, now)
        except InvalidField as error:
            result.reject(row, error)


def _event(row: Row, now: datetime) -> Event:
    if row.problem:
        raise row.problem
    raw = as_json(row.values)
    for name in ("item", "at"):
        if name not in raw:
            raise InvalidField(name, "is required")
    raw.setdefault("type", "rating" if "value" in raw else "view")
    has_id = "id" in raw
    event = event_of({"id": DERIVED} | raw, now=now, max_age=None)
    return event if has_id else msgspec.structs.replace(event, id=_derived_id(event))


def _derived_id(event: Event) -> str:
    """From what the row says, not from how it says it: equal rows of two formats are one event."""
    text = msgspec.json.encode((event.user, event.item, event.type, event.value, event.at))
    return DERIVED + blake2b(text, digest_size=16).hexdigest()


def _add(table: LogTable, events: Sequence[Event]) -> int:
    """Commit those events that the table has not, and return how many."""
    rows = to_table("events", list({event.id: event for event in reversed(events)}.values()))
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
    if not files or not rows.num_rows:
        return rows
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("chunk", rows)
        query = "SELECT * FROM chunk ANTI JOIN read_parquet(?) AS known USING (id)"
        return connection.execute(query, [files]).to_arrow_table().cast(rows.schema)


def _files_to_search(table: LogTable, rows: pa.Table) -> list[str]:
    """An id that was derived from the row has its day; one that was given may lie anywhere."""
    ids, days = rows["id"].to_pylist(), rows["day"].to_pylist()
    if all(id_.startswith(DERIVED) for id_ in ids) and days:
        return table.files(since=min(days).isoformat(), until=max(days).isoformat())
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
