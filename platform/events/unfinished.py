"""Files that are written for a commit: they go again where it is not made.

Otherwise each attempt on a full disk would leave its files there for a day, and so keep it full.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from events import commits
from events.exceptions import LogConflict


@contextmanager
def files_to_commit(table: DeltaTable, table_path: Path) -> Iterator[list[AddAction]]:
    """A list for the files that the block writes and commits. Where it fails, those in the list
    are deleted, unless the commit was made all the same.
    """
    seen = int(table.version())
    written: list[AddAction] = []
    try:
        yield written
    except BaseException as error:
        if isinstance(error, LogConflict) or not _is_committed(table_path, seen, written):
            commits.forget(table_path / file.path for file in written)
        raise


def _is_committed(table_path: Path, seen: int, files: list[AddAction]) -> bool:
    """Whether a commit names the files, or that cannot be told."""
    named = {file.path for file in files}
    try:
        return any(
            "add" in action and unquote(action["add"]["path"]) in named
            for commit in commits.made_since(table_path, seen)
            for action in commits.actions_of(commit)
        )
    except (OSError, ValueError):
        return True
