"""The files a table's version is made of, and the one commit that puts some in place of others."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from events import commits
from events.delta import force_to_disk
from events.exceptions import LogConflict
from events.records import Stream
from events.schema import PARTITION
from events.widening import require_known

CHECKED = "compacted-"
CARE = "care"


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A file of the table: `path` below the table's folder, `size` in bytes, and when it came."""

    path: str
    size: int
    day: date
    written_at: float

    @property
    def is_checked(self) -> bool:
        """Whether compaction wrote it: no two checked files of a day hold the same id."""
        return Path(self.path).name.startswith(CHECKED)


def open_table(log_dir: Path, stream: Stream) -> DeltaTable | None:
    """The stream's table at its newest version; None where nobody created it yet."""
    path = str(log_dir / stream)
    return DeltaTable(path) if DeltaTable.is_deltatable(path) else None


def checkpoint(table: DeltaTable) -> None:
    """Write the table's state into one file, and delete the commits it makes superfluous.

    The file is on the disk before the first of them goes: of what it says there is no other copy.
    """
    table.create_checkpoint()
    force_to_disk(folder_of(table))
    table.cleanup_metadata()


def folder_of(table: DeltaTable) -> Path:
    """Where the table's files are."""
    return Path(unquote(table.table_uri.removeprefix("file://")))


def files_of(table: DeltaTable) -> list[DataFile]:
    """All files of the version the object is at, oldest day first."""
    actions = pa.table(table.get_add_actions(flatten=True))
    names = ["path", "size_bytes", "modification_time", f"partition.{PARTITION}"]
    columns = [actions[name].to_pylist() for name in names] if actions.num_rows else [[]] * 4
    files = [
        DataFile(path=path, size=size, written_at=written / 1000, day=day)
        for path, size, written, day in zip(*columns, strict=True)
    ]
    return sorted(files, key=lambda file: (file.day, file.written_at, file.path))


def by_day(files: Sequence[DataFile]) -> dict[date, list[DataFile]]:
    """The files of each day, in the order given."""
    days: dict[date, list[DataFile]] = {}
    for file in files:
        days.setdefault(file.day, []).append(file)
    return days


def replace(
    table: DeltaTable, old: Sequence[DataFile], new: Sequence[AddAction], *, data_change: bool
) -> None:
    """Commit that `new` stand in the place of `old`, after both would survive a power cut.

    Every such commit carries the transaction `care`, so of two made from the same version only the
    first is taken. Without `data_change` (the same rows in other files) a drain's append at the
    same moment is no conflict; with it the drain has to read its journals again. Raises LogConflict
    where nothing was committed, and LogTooNew for a table that a later Winnow widened.
    """
    now = int(time.time() * 1000)
    removed = [
        RemoveAction(file.path, data_change, now, file.size, {PARTITION: file.day.isoformat()})
        for file in old
    ]
    require_known(table)
    folder = folder_of(table)
    force_to_disk(folder)
    try:
        commits.commit(table, folder, [*new, *removed], [next_turn(table)])
    except CommitFailedError as error:
        raise LogConflict(f"{folder.name}: {error}") from error


def next_turn(table: DeltaTable) -> Transaction:
    """The transaction by which care's commits conflict where both began at one version."""
    return Transaction(CARE, (table.transaction_version(CARE) or 0) + 1)
