"""Taking a person out of the log: out of its tables, its old file versions, and its journals.

Three steps make it exact under drains and imports that go on: an order is left (`erased`), by which
they leave out what is still to come; this host's journals are drained up to that moment
(`catching_up`); what is in the tables, beside them and in the journals is removed here. What
another host was just committing lands in a new file, where compaction removes it by the order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from deltalake import DeltaTable

from events import commits, unwanted
from events.data_files import (
    DataFile,
    by_day,
    checkpoint,
    files_of,
    folder_of,
    open_table,
    replace,
)
from events.exceptions import LogConflict
from events.journal_erasure import waiting
from events.old_files import remove_old_files
from events.records import STREAMS, Stream
from events.rewriting import Drops, rewrite
from events.unfinished import files_to_commit

TRIES = 5


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What there was of a person: rows of the tables and, with them, what waits in this host's
    journals.
    """

    events: int
    exposures: int


def find(log_dir: Path, journal_dir: Path, user: str, *, before: datetime) -> Found:
    """Look for the person, changing nothing."""
    rows = {s: len(ids) for s, ids in waiting(log_dir, journal_dir, user, before=before).items()}
    for stream in STREAMS:
        if table := open_table(log_dir, stream):
            drops = unwanted.of_person(table, stream, files_of(table), user, before=before)
            rows[stream] += unwanted.count(drops)
    return Found(**rows)


def erase(
    log_dir: Path,
    stream: Stream,
    user: str,
    *,
    before: datetime,
    go_on: Callable[[], None] = lambda: None,
) -> int:
    """Remove the person's rows that were taken by `before`, and all files beyond the newest version
    that hold them; how many such files.

    When this returns, no file below the table's folder had the person any more, but for rows taken
    since. Killed half way, call it again. `go_on` is called before each day, and may raise. Raises
    LogConflict where others kept replacing the same files.
    """
    removed = 0
    clean: set[Path] = set()
    if open_table(log_dir, stream):
        with commits.turn(log_dir / stream):
            pass  # an import that looked at the orders before this one was left has committed
    for _ in range(TRIES):
        _erase_rows(log_dir, stream, user, before=before, go_on=go_on)
        gone = remove_old_files(log_dir, stream, user, clean=clean)
        removed += gone
        if not gone:
            if removed and (table := open_table(log_dir, stream)):
                checkpoint(table)
            return removed
    raise LogConflict(f"{stream}: files with this person keep coming.")


def _erase_rows(
    log_dir: Path, stream: Stream, user: str, *, before: datetime, go_on: Callable[[], None]
) -> None:
    conflicts = 0
    while table := open_table(log_dir, stream):
        files = files_of(table)
        drops = unwanted.of_person(table, stream, files, user, before=before)
        held = [file for file in files if file.path in drops]
        if not held:
            return
        go_on()
        try:
            _erase_day(table, next(iter(by_day(held).values())), drops)
        except LogConflict:
            conflicts += 1
            if conflicts == TRIES:
                raise


def _erase_day(table: DeltaTable, files: list[DataFile], drops: Drops) -> None:
    with files_to_commit(table, folder_of(table)) as new:
        for checked in (True, False):
            if alike := [file for file in files if file.is_checked is checked]:
                new += rewrite(table, alike, drops, checked=checked)
        replace(table, files, new, data_change=True)
