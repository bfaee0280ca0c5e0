"""The ids seen lately, by which the drain drops what comes twice."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice

import duckdb

from events.delta import LogTable
from events.paths import literally
from events.schema import KEYS
from events.unwanted import ROWS, TAKEN_AT

WINDOW_DAYS = 8  # an event may be 7 days old when it comes
WINDOW_IDS = 1_000_000  # about 200 MB when full


class RecentWindow:
    """A set of ids that forgets the oldest beyond `limit`."""

    def __init__(self, ids: Iterable[str] = (), *, limit: int = WINDOW_IDS) -> None:
        self._ids: dict[str, None] = {}  # a dict keeps the order in which ids came
        self._limit = limit
        self.add(ids)

    def __contains__(self, key: str) -> bool:
        return key in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Iterable[str]) -> None:
        """Remember ids, as the newest."""
        self._ids.update(dict.fromkeys(ids))
        oldest = list(islice(self._ids, max(0, len(self._ids) - self._limit)))
        for key in oldest:
            del self._ids[key]


def load_window(table: LogTable, today: date, *, limit: int = WINDOW_IDS) -> RecentWindow:
    """The window as the table's last days have it, so that a restart forgets nothing."""
    files = table.files(since=(today - timedelta(days=WINDOW_DAYS)).isoformat())
    if not files:
        return RecentWindow(limit=limit)
    key = KEYS[table.stream]
    query = f"SELECT {key} FROM {ROWS} ORDER BY {TAKEN_AT} DESC LIMIT {limit}"  # noqa: S608
    with duckdb.connect() as connection:
        newest_first = (
            connection.execute(query, {"files": literally(files)}).to_arrow_table()[key].to_pylist()
        )
    return RecentWindow(reversed(newest_first), limit=limit)
