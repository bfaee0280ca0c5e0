"""Compaction: few large files per day instead of many small ones, and each id once.

Files are never changed: rows are written anew and one commit puts the new files in the place of the
old. A reader of an earlier version goes on reading the old ones until they are vacuumed; a row that
a drain appends meanwhile lies in a file of its own, which the commit does not touch.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from events import condemned, unwanted
from events.data_files import DataFile, by_day, files_of, open_table, replace
from events.exceptions import LogConflict
from events.records import Stream
from events.rewriting import TARGET_BYTES, Drops, rewrite
from events.unfinished import files_to_commit

log = logging.getLogger(__name__)

MANY_FILES = 16
LYING_SECONDS = 3_600.0
TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Compacted:
    """What compaction did to one day: files before and after, and the rows it left out."""

    stream: Stream
    day: date
    files_before: int
    files_after: int
    duplicates: int
    erased: int


def compact(
    log_dir: Path,
    stream: Stream,
    *,
    now: datetime,
    erased: Mapping[str, datetime] | None = None,
    go_on: Callable[[], None] = lambda: None,
) -> list[Compacted]:
    """Compact every day that needs it; see `_chosen`. `go_on` is called before each, and may raise.

    `erased` has the SHA-256 of people whose rows up to that time are left out, should any have come
    after their erasure. Raises LogConflict where somebody else replaced a day's files five times in
    a row; the days before are done then, and nothing is lost.
    """
    table = open_table(log_dir, stream)
    done = []
    for day in by_day(files_of(table)) if table else ():
        go_on()
        done += _until_committed(partial(_compact_day, log_dir, stream, day, now, erased or {}))
    return done


def _until_committed(attempt: Callable[[], Compacted | None]) -> list[Compacted]:
    for left in reversed(range(TRIES)):
        try:
            done = attempt()
        except LogConflict:
            if not left:
                raise
            log.info("The log changed while a day of it was rewritten; doing that again.")
        else:
            return [done] if done else []
    return []


def _compact_day(
    log_dir: Path,
    stream: Stream,
    day: date,
    now: datetime,
    erased: Mapping[str, datetime],
) -> Compacted | None:
    table = open_table(log_dir, stream)
    if table is None:
        return None
    files = by_day(files_of(table)).get(day, [])
    fresh = [file for file in files if not file.is_checked]
    if not fresh:
        return None
    twice = unwanted.duplicates(table, stream, files, fresh)
    late = unwanted.of_erased(table, stream, fresh, erased)
    drops = unwanted.both(twice, late)
    chosen = _chosen(files, fresh, drops, now)
    if not chosen:
        return None
    with files_to_commit(table, log_dir / stream) as new:
        new += rewrite(table, chosen, drops, checked=True)
        condemned.note(log_dir, stream, late)
        replace(table, chosen, new, data_change=False)
    return Compacted(
        stream=stream,
        day=day,
        files_before=len(files),
        files_after=len(files) - len(chosen) + len(new),
        duplicates=unwanted.count(twice),
        erased=unwanted.count(drops) - unwanted.count(twice),
    )


def _chosen(
    files: Sequence[DataFile], fresh: Sequence[DataFile], drops: Drops, now: datetime
) -> list[DataFile]:
    """The files to write anew, perhaps none.

    Where there are rows to leave out, where 16 files were appended, or where one has lain there
    for an hour: all that were appended, all that are small, and those with rows to leave out.
    """
    lies = any(now.timestamp() - file.written_at >= LYING_SECONDS for file in fresh)
    if not drops and len(fresh) < MANY_FILES and not lies:
        return []
    return [
        file
        for file in files
        if not file.is_checked or file.size < TARGET_BYTES // 2 or file.path in drops
    ]
