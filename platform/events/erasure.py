"""Taking a person out of the log: out of its tables, its old file versions, and its journals.

Three steps make it exact under drains that go on: an order is left (`erased`); this host's journals
are drained up to that moment (`catching_up`), so that what they held is in the tables; the rows are
removed here. What another host's drain brings later lands in new files, where compaction removes
it by the order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from events import journal_files, unwanted
from events.data_files import DataFile, by_day, checkpoint, files_of, folder_of, open_table, replace
from events.exceptions import LogConflict
from events.records import STREAMS, Stream, decode
from events.rewriting import Drops, rewrite

TRIES = 5
ORPHAN_HOURS = 1


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the log had of a person: rows in its tables, and records that only this host's journals
    have. `journals` counts this host's journal files with any record of theirs."""

    events: int
    exposures: int
    waiting: int
    journals: int


def find(log_dir: Path, journal_dir: Path, user: str, *, before: datetime) -> Found:
    """Look for the person, changing nothing."""
    rows = dict.fromkeys(STREAMS, 0)
    waiting = journals = 0
    for stream in STREAMS:
        table = open_table(log_dir, stream)
        if table:
            drops = unwanted.of_person(table, stream, files_of(table), user, before=before)
            rows[stream] = unwanted.count(drops)
        for path in journal_files.journals(journal_dir, stream):
            drained = (table.transaction_version(path.name) or 0) if table else 0
            ends = list(_ends_of_records(path, stream, user, before))
            waiting += sum(end > drained for end in ends)
            journals += bool(ends)
    return Found(waiting=waiting, journals=journals, **rows)


def erase(
    log_dir: Path,
    stream: Stream,
    user: str,
    *,
    before: datetime,
    go_on: Callable[[], None] = lambda: None,
) -> None:
    """Remove the person's rows that were taken by `before` from the table's newest version.

    Killed half way, whole days are done; call it again. `go_on` is called before each day, and may
    raise. Raises LogConflict where others kept replacing the same files.
    """
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
    new = []
    for checked in (True, False):
        if alike := [file for file in files if file.is_checked is checked]:
            new += rewrite(table, alike, drops, checked=checked)
    replace(table, files, new, data_change=True)


def remove_old_files(log_dir: Path, stream: Stream, user: str) -> int:
    """Delete files of earlier versions that hold the person, and what killed processes left; how
    many.

    Whoever reads an earlier version at this moment may miss a file, and has to open the log again.
    Files of a commit that is being made are never touched: they are younger than an hour.
    """
    table = open_table(log_dir, stream)
    if table is None:
        return 0
    removed = 0
    for path in _old_files(table):
        with suppress(FileNotFoundError):
            if _holds(path, user):
                path.unlink()
                removed += 1
    checkpoint(table)
    return removed


def _old_files(table: DeltaTable) -> set[Path]:
    replaced = table.vacuum(0, dry_run=True, enforce_retention_duration=False)
    left = table.vacuum(ORPHAN_HOURS, dry_run=True, enforce_retention_duration=False, full=True)
    return {folder_of(table) / path for path in {*replaced, *left}}


def _holds(path: Path, user: str) -> bool:
    """Whether the file has the user, or is no whole Parquet file at all."""
    try:
        return any(
            pc.any(pc.equal(batch["user"], user)).as_py()
            for batch in pq.ParquetFile(path).iter_batches(columns=["user"])
        )
    except pa.ArrowInvalid:
        return True


def _ends_of_records(path: Path, stream: Stream, user: str, before: datetime) -> Iterator[int]:
    """For each of the person's records in a journal, where the frame with it ends."""
    offset, at_end = 0, False
    while not at_end:
        try:
            chunk = journal_files.read(path, offset)
        except FileNotFoundError:  # drained meanwhile
            return
        for frame in chunk.frames:
            with suppress(msgspec.MsgspecError):
                records = decode(stream, frame.payload)
                yield from (frame.end for r in records if r.user == user and r.taken_at <= before)
        offset, at_end = chunk.offset, chunk.at_end
