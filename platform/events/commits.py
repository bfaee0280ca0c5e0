"""A table's commits as files: made in turn, counted, and forced to the disk.

Data files are on the disk before the commit that names them is made, and each commit before the
next of the same host. So a power cut can spoil the newest commit alone (`mending`), and what that
one held is still in the journals, which go only when the log is on the disk.
"""

import fcntl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from errno import ENOENT
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import msgspec
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.transaction import AddAction, RemoveAction

from events.schema import PARTITION
from events.segment import sync_path

COMMITS = "_delta_log"
COMMIT, CHECKPOINT = ".json", ".checkpoint.parquet"
ACTIONS = "winnow.actions"

# A commit is not on the disk yet when Delta's hooks run: they may add a file, but delete none.
HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)

_actions = msgspec.json.Decoder(dict[str, dict[str, Any]])


Files = Sequence[AddAction | RemoveAction]


def commit(
    table: DeltaTable,
    table_path: Path,
    files: Files,
    transactions: Sequence[Transaction],
    *,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Commit files that come and go, with transactions; on the disk, and seen by `table`, when it
    returns. `check` is called once nobody else of this host can commit: where it raises, nothing is
    committed. Raises CommitFailedError where nothing was committed.
    """
    with on_disk(table, table_path):
        check()
        table.create_write_transaction(
            list(files),
            "append",
            table.schema(),
            [PARTITION],
            commit_properties=properties(transactions, len(files)),
            post_commithook_properties=HOOKS,
        )


@contextmanager
def on_disk(table: DeltaTable, table_path: Path) -> Iterator[None]:
    """To commit something within, in turn: afterwards it is on the disk, and `table` sees it."""
    with turn(table_path):
        before = int(table.version())
        yield
        table.update_incremental()
        sync_commits(table_path, since=before, until=int(table.version()))


def properties(transactions: Sequence[Transaction], files: int) -> CommitProperties:
    """Of a commit of these transactions and so many files. Its first line counts those that follow:
    a commit that was cut off between two lines can be told from a whole one.
    """
    count = str(len(transactions) + files)
    return CommitProperties(app_transactions=list(transactions), custom_metadata={ACTIONS: count})


@contextmanager
def turn(table_path: Path) -> Iterator[None]:
    """One at a time on each host: to be held until the commit is on the disk."""
    with (table_path.parent / f"{table_path.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def path_of(table_path: Path, version: int) -> Path:
    """Where the commit is, or would be."""
    return table_path / COMMITS / f"{version:020}{COMMIT}"


def made_since(table_path: Path, version: int) -> list[Path]:
    """The commits after that version, oldest first. Raises FileNotFoundError where the first of
    them are deleted already, which happens after a day.
    """
    later = (path_of(table_path, number) for number in count(version + 1))
    found = list(takewhile(Path.exists, later))
    # The oldest are deleted first: where that version's own is there, so are those after it.
    gap = not found and not path_of(table_path, version).exists()
    if gap and newest_version(table_path) > version:
        raise FileNotFoundError(ENOENT, "deleted", str(path_of(table_path, version + 1)))
    return found


def newest(table_path: Path, ending: str = COMMIT) -> Path | None:
    """The newest commit, or checkpoint, whole or not."""
    names = (path.name for path in (table_path / COMMITS).glob(f"*{ending}"))
    # Of twenty digits each, so the greatest name is that of the newest.
    found = max((n for n in names if n.removesuffix(ending).isdigit()), default=None)
    return table_path / COMMITS / found if found else None


def newest_version(table_path: Path) -> int:
    """That of the newest commit, whole or not; -1 where there is none."""
    last = newest(table_path)
    return int(last.stem) if last else -1


def newest_whole(table_path: Path) -> int:
    """The version the table has once it is mended; -1 where no commit will be left."""
    version = newest_version(table_path)
    while version >= 0 and not is_whole(path_of(table_path, version)):
        version -= 1
    return version


def actions_of(commit: Path) -> list[Mapping[str, Any]]:
    """What the commit says, a line each. Raises msgspec.MsgspecError where one is no such line."""
    return [_actions.decode(line) for line in commit.read_bytes().splitlines()]


def is_whole(commit: Path) -> bool:
    """Whether it is as it was written, as far as can be told."""
    try:
        actions = actions_of(commit)
    except (FileNotFoundError, msgspec.MsgspecError):
        return False
    infos = [action["commitInfo"] for action in actions if "commitInfo" in action]
    counts = [int(info[ACTIONS]) for info in infos if ACTIONS in info]
    return bool(actions) and all(len(actions) > count for count in counts)


def sync_commits(table_path: Path, *, since: int, until: int) -> None:
    """Return once the commits `since` < version <= `until` would survive a power cut."""
    paths = (path_of(table_path, version) for version in range(since + 1, until + 1))
    sync(path for path in paths if path.exists())


def sync(files: Iterable[Path]) -> None:
    """Force files to the disk, and the names by which they are found, up to the table's folder."""
    folders: set[Path] = set()
    for file in files:
        sync_path(file)
        folders |= {file.parent, file.parent.parent}
    for folder in folders:
        sync_path(folder)


def forget(files: Iterable[Path]) -> None:
    """Delete data files that no commit names."""
    for file in files:
        with suppress(FileNotFoundError):
            file.unlink()
