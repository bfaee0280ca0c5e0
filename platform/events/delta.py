"""A table of the log: Delta Lake, partitioned by day, each commit carrying how far it has read.

A commit names, for each journal it took rows from, the offset behind the last of them, as Delta's
application transactions. Rows and offsets become visible together or not at all, so whoever
continues from the table's own record neither loses nor repeats a row.
"""

import ctypes
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError

from events import commits, mending
from events.appending import write_rows
from events.exceptions import LogConflict
from events.paths import require_usable
from events.records import Stream
from events.schema import PARTITION, SCHEMAS, VERSION
from events.unfinished import files_to_commit
from events.widening import PROPERTY, require_known, widened

KEEP_HOURS = 24
"""How long a replaced file is kept for readers that are pinned to it."""

JOURNAL_DAYS = 30
"""How long the offset of a journal is kept after the journal was removed."""

# Commits come every few seconds: a month of them, which is Delta's default, would be more than a
# million files to list. Should another engine write, it keeps smallest and largest values of times
# alone: those of other columns are ids of people, and no erasure could take them out again.
PROPERTIES = {
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": f"interval {KEEP_HOURS} hours",
    "delta.dataSkippingStatsColumns": "at",
    PROPERTY: str(VERSION),
    "delta.setTransactionRetentionDuration": f"interval {JOURNAL_DAYS} days",
}


class LogTable:
    """One stream's table, at the version this object last saw."""

    def __init__(self, log_dir: Path, stream: Stream) -> None:
        require_usable(log_dir)
        self.stream = stream
        self.path = log_dir / stream
        self.path.mkdir(parents=True, exist_ok=True)
        mending.mend(self.path)
        if not exists(log_dir, stream):
            _create(self.path, stream)
        self._table = widened(self.path, stream, PROPERTIES)

    @property
    def version(self) -> int:
        """The version this object sees."""
        return int(self._table.version())

    def refresh(self) -> None:
        """See the newest version."""
        self._table.update_incremental()

    def committed(self, app_id: str) -> int:
        """The transaction version the table holds for this id; 0 if none."""
        return int(self._table.transaction_version(app_id) or 0)

    def files(self, *, since: str | None = None, until: str | None = None) -> list[str]:
        """The data files of the version seen, of partitions `since` <= day <= `until` if given."""
        bounds = [(PARTITION, ">=", since), (PARTITION, "<=", until)]
        filters = [bound for bound in bounds if bound[2] is not None]
        return data_files(self._table, filters)

    def append(
        self,
        rows: pa.Table,
        transactions: Mapping[str, int],
        *,
        done: Mapping[str, int] = MappingProxyType({}),
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Commit rows (perhaps none) and transaction versions at once; on the disk when it returns.

        A transaction version is kept for good, but for those of `done`, which nobody will ask for
        again: the table forgets them after JOURNAL_DAYS. `check` is called when the rows are
        written and nobody else of this host can commit, and may raise LogConflict. Raises that also
        where another commit since the version seen carries one of the same ids or changed the
        columns, LogTooNew where the version seen is a later Winnow's: nothing was written then.
        Anything else deltalake raises may have been committed or not; open the table again and ask
        `committed`.
        """
        require_known(self._table)
        now = int(time.time() * 1000)
        kept = [Transaction(name, version) for name, version in transactions.items()]
        going = [Transaction(name, version, now) for name, version in done.items()]
        with files_to_commit(self._table, self.path) as added:
            added += write_rows(self.path, rows)
            try:
                commits.commit(self._table, self.path, added, kept + going, check=check)
            except (CommitFailedError, LogConflict) as error:
                raise LogConflict(f"{self.stream}: {error}") from error


def _create(path: Path, stream: Stream) -> None:
    DeltaTable.create(
        str(path),
        SCHEMAS[stream],
        mode="ignore",
        partition_by=[PARTITION],
        configuration=PROPERTIES,
        raise_if_key_not_exists=False,  # the schema's version is no property of Delta's own
    )
    commits.sync_commits(path, since=-1, until=0)


def data_files(table: DeltaTable, filters: Sequence[tuple[str, str, str | None]] = ()) -> list[str]:
    """The Parquet files of the version the object is at; paths as the file system has them."""
    return [unquote(uri) for uri in table.file_uris(file_pruning_predicate=list(filters) or None)]


def exists(log_dir: Path, stream: Stream) -> bool:
    """Whether the stream's table was ever created."""
    return DeltaTable.is_deltatable(str(log_dir / stream))


def force_to_disk(folder: Path) -> None:
    """Return once all written so far on the folder's file system would survive a power cut.

    What care writes is not forced to the disk file by file.
    """
    fd = os.open(folder, os.O_RDONLY)
    try:
        _syncfs(fd)
    finally:
        os.close(fd)


def _syncfs(fd: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):  # not Linux
        os.sync()
    elif libc.syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
