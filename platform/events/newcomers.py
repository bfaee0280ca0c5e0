"""Ids that others committed since a version of a table was seen: imports, drains of other hosts."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

from events import commits
from events.delta import LogTable
from events.exceptions import LogConflict
from events.schema import KEYS, PARTITION
from events.window import RecentWindow, first_day

READ_ROWS = 100_000
GONE = "a commit, or a file of one, is gone before it was read"


class KnownIds:
    """The ids of a table's last days as the drain knows them, with what others commit meanwhile."""

    def __init__(self, table: LogTable, window: RecentWindow) -> None:
        self._table = table
        self._window = window
        self._version = table.version

    def seen(self, ids: Sequence[str]) -> list[bool]:
        """For each id, whether it is known."""
        return self._window.seen(ids)

    def add(self, ids: Sequence[str]) -> None:
        """Remember ids, none of them known yet, that the table's newest commit brought."""
        self._window.add(ids)
        if self._table.version == self._version + 1:  # else another host's came at the same moment
            self._version += 1

    def follow(self, today: date) -> bool:
        """Learn what was committed since; whether there was any. Raises LogConflict where that can
        no longer be told.
        """
        try:
            made = commits.made_since(self._table.path, self._version)
            for ids in _ids(self._table, made, since=first_day(today)):
                fresh = list(dict.fromkeys(ids))
                seen = self._window.seen(fresh)
                self._window.add([id_ for id_, known in zip(fresh, seen, strict=True) if not known])
        except FileNotFoundError as error:
            raise LogConflict(f"{GONE}: {error}") from error
        if made:
            self._version = int(made[-1].stem)
        return bool(made)

    def require_new(self, ids: Sequence[str], today: date) -> None:
        """Raises LogConflict where others committed one of the ids since the last look."""
        if self.follow(today) and any(self._window.seen(ids)):
            raise LogConflict("another commit brought an event of the same id")


def ids_since(table: LogTable) -> Iterator[list[str]]:
    """The ids that came after the version the table is seen at. Raises LogConflict where that can
    no longer be told.
    """
    try:
        yield from _ids(table, commits.made_since(table.path, table.version))
    except FileNotFoundError as error:
        raise LogConflict(f"{GONE}: {error}") from error


def _ids(table: LogTable, made: Sequence[Path], since: date = date.min) -> Iterator[list[str]]:
    for commit in made:
        for action in commits.actions_of(commit):
            add = action.get("add")
            # The same rows in other files are no news.
            if add and add["dataChange"] and add["partitionValues"][PARTITION] >= str(since):
                file = pq.ParquetFile(table.path / unquote(add["path"]))
                for batch in file.iter_batches(READ_ROWS, columns=[KEYS[table.stream]]):
                    yield batch.column(0).to_pylist()
