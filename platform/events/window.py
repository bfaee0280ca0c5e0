"""The ids seen lately, by which the drain drops what comes twice.

Of an id its 128-bit hash is kept, 16 bytes where the text takes 200. That a new id has the hash of
one of ten million others has a chance of 3 in 10^32.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from itertools import pairwise

import duckdb
import numpy as np
import numpy.typing as npt

from events.delta import LogTable
from events.paths import literally
from events.schema import KEYS
from events.unwanted import ROWS, TAKEN_AT

WINDOW_DAYS = 8  # an event may be 7 days old when it comes
WINDOW_IDS = 10_000_000  # 180 MB when full
GENERATIONS = 8
READ_ROWS = 100_000
MICROS = f"epoch_us({TAKEN_AT})"

Halves = npt.NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class _Run:
    """Hashes sorted by their upper half, each with its lower half."""

    upper: Halves
    lower: Halves

    def __len__(self) -> int:
        return len(self.upper)

    def has(self, hashes: "_Run") -> npt.NDArray[np.bool_]:
        """For each of the hashes, whether it is here."""
        place = np.searchsorted(self.upper, hashes.upper)
        found = np.zeros(len(hashes), dtype=bool)
        left = np.arange(len(hashes))
        while True:  # once, but for hashes of one upper half
            left = left[place[left] < len(self)]
            left = left[self.upper[place[left]] == hashes.upper[left]]
            if not left.size:
                return found
            found[left] |= self.lower[place[left]] == hashes.lower[left]
            place[left] += 1


class RecentWindow:
    """A set of ids that forgets the oldest: it holds the last `limit`, and up to an eighth more."""

    def __init__(self, ids: Sequence[str] = (), *, limit: int = WINDOW_IDS) -> None:
        self._runs: list[_Run] = []  # the oldest first
        self._limit = limit
        self.add(ids)

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def seen(self, ids: Sequence[str]) -> list[bool]:
        """For each id, whether it is known."""
        hashes, order = _hashed(ids)
        found = np.zeros(len(ids), dtype=bool)
        for run in self._runs:
            found |= run.has(hashes)
        answer = np.empty_like(found)
        answer[order] = found
        return list(answer.tolist())

    def add(self, ids: Sequence[str]) -> None:
        """Remember ids, none of them known yet, as the newest."""
        if not ids:
            return
        self._runs.append(_hashed(ids)[0])
        while len(self._runs) > 1 and self._may_join(*self._runs[-2:]):
            last = self._runs.pop()
            self._runs[-1] = _joined(self._runs[-1], last)
        while len(self) - len(self._runs[0]) >= self._limit:
            del self._runs[0]

    def _may_join(self, older: _Run, newer: _Run) -> bool:
        # Few runs, as each is more than twice the next; and a generation is forgotten whole.
        together = len(older) + len(newer)
        return len(older) <= 2 * len(newer) and together <= max(1, self._limit // GENERATIONS)


def _hashed(ids: Sequence[str]) -> tuple[_Run, npt.NDArray[np.int64]]:
    """The hashes of ids, sorted, and which id each is of."""
    digests = b"".join([blake2b(id_.encode(), digest_size=16).digest() for id_ in ids])
    halves = np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)
    order = np.argsort(halves[:, 0])
    return _Run(upper=halves[order, 0], lower=halves[order, 1]), order


def _joined(older: _Run, newer: _Run) -> _Run:
    upper = np.concatenate([older.upper, newer.upper])
    order = np.argsort(upper, kind="stable")  # a merge: both parts are sorted
    return _Run(upper=upper[order], lower=np.concatenate([older.lower, newer.lower])[order])


def first_day(today: date) -> date:
    """The oldest day of which ids are remembered."""
    return today - timedelta(days=WINDOW_DAYS)


def load_window(table: LogTable, today: date, *, limit: int = WINDOW_IDS) -> RecentWindow:
    """The window as the table's last days have it, so that a restart forgets nothing."""
    window = RecentWindow(limit=limit)
    files = table.files(since=first_day(today).isoformat())
    if files:
        with duckdb.connect() as connection:
            for ids in _newest_ids(connection, KEYS[table.stream], literally(files), limit):
                window.add(ids)
    return window


def _newest_ids(
    connection: duckdb.DuckDBPyConnection, key: str, files: list[str], limit: int
) -> Iterator[list[str]]:
    """About the `limit` ids taken last, the oldest eighth first, each in no order.

    Sorting them all would take memory, or a disk that may be full.
    """
    for begin, end in pairwise([*_begins(connection, files, limit), None]):
        query = f"""
            SELECT {key} AS key FROM {ROWS}
            WHERE ($begin IS NULL OR {MICROS} >= $begin) AND ($end IS NULL OR {MICROS} < $end)
        """  # noqa: S608
        given = {"files": files, "begin": begin, "end": end}
        for batch in connection.execute(query, given).to_arrow_reader(READ_ROWS):
            yield batch.column("key").to_pylist()


def _begins(
    connection: duckdb.DuckDBPyConnection, files: list[str], limit: int
) -> list[int | None]:
    """When each eighth of the window begins, in microseconds since 1970; None: with the first."""
    count = f"SELECT count(*) FROM {ROWS}"  # noqa: S608
    [(rows,)] = connection.execute(count, {"files": files}).fetchall()
    if not rows:
        return []
    part = min(rows, limit) / rows / GENERATIONS
    shares = [1 - part * left for left in range(GENERATIONS, 0, -1)]
    query = f"SELECT approx_quantile({MICROS}, {shares}) FROM {ROWS}"  # noqa: S608
    [(begins,)] = connection.execute(query, {"files": files}).fetchall()
    return begins if rows > limit else [None, *begins[1:]]
