"""Files of a table's folder that are in no version any more, or never were, with a person's rows.

Those that a later version replaced can go at once. A file that nobody committed may be one that a
process is about to commit, on any host: a fence, a commit that makes every commit begun before it
fail, comes first. What a fence refuses loses nothing: drains read their journals again, imports and
care try again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError

from events import commits
from events.data_files import files_of, folder_of, next_turn, open_table
from events.exceptions import LogConflict
from events.records import Stream

FENCE = "winnow.fence"


def remove_old_files(log_dir: Path, stream: Stream, user: str, *, clean: set[Path]) -> int:
    """Delete the files beyond the newest version that hold the person; how many.

    Files named in `clean` are not looked at, and those that do not hold them are added. Who reads
    an earlier version at this moment may miss a file, and has to open the log again. What a process
    is writing is deleted under it if it may hold the person; its commit is refused. Raises
    LogConflict where others kept the fence from being set.
    """
    table = open_table(log_dir, stream)
    if table is None:
        return 0
    held = set(_held(folder_of(table), table, user, clean))
    if held - _replaced(table):
        _set_fence(table)
        # What was committed before the fence is the newest version's now, and not an old file.
        held -= _current(open_table(log_dir, stream) or table)
    return sum(_remove(path) for path in held)


def _held(folder: Path, table: DeltaTable, user: str, clean: set[Path]) -> Iterator[Path]:
    current = _current(table)
    for path in folder.glob("day=*/*"):  # with files half written, which Delta does not list
        if path in current or path in clean:
            continue
        if _holds(path, user):
            yield path
        else:
            clean.add(path)


def _current(table: DeltaTable) -> set[Path]:
    return {folder_of(table) / file.path for file in files_of(table)}


def _replaced(table: DeltaTable) -> set[Path]:
    paths = table.vacuum(0, dry_run=True, enforce_retention_duration=False)
    return {folder_of(table) / path for path in paths}


def _set_fence(table: DeltaTable) -> None:
    """Changed metadata refuse every commit that was begun before, whatever it does."""
    turn = next_turn(table)
    try:
        with commits.on_disk(table, folder_of(table)):
            table.alter.set_table_properties(
                {FENCE: str(turn.version)},
                raise_if_not_exists=False,
                commit_properties=CommitProperties(app_transactions=[turn]),
                post_commithook_properties=commits.HOOKS,
            )
    except CommitFailedError as error:
        raise LogConflict(f"{folder_of(table).name}: {error}") from error


def _remove(path: Path) -> bool:
    with suppress(FileNotFoundError):
        path.unlink()
        return True
    return False


def _holds(path: Path, user: str) -> bool:
    """Whether the file has the user, or is no whole Parquet file at all."""
    try:
        return any(
            pc.any(pc.equal(batch["user"], user)).as_py()
            for batch in pq.ParquetFile(path).iter_batches(columns=["user"])
        )
    except FileNotFoundError:
        return False
    except pa.ArrowInvalid:
        return True
