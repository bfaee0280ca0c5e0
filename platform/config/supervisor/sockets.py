"""A place for the embedded Valkey's socket that only its owner may enter."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import valkey
from config.supervisor.exceptions import VarUnusableError


@contextmanager
def place(var: Path) -> Iterator[Path]:
    """The socket's path: below `var`, or where that is too long, in a temporary folder.

    Such a folder is found by `config.valkey.embedded_socket` through a link below `var`; folder and
    link are removed at the end. Those of a supervisor that was killed are taken over.
    Raises VarUnusableError where the temporary folder's path is too long as well.
    """
    near = var / valkey.FOLDER / valkey.NAME
    if valkey.fits(near):
        yield near
        return
    link = var / valkey.FOLDER / valkey.ELSEWHERE
    folder = _left_behind(link) or _linked(link)
    try:
        if not valkey.fits(folder / valkey.NAME):
            raise VarUnusableError(
                f"The path {var} is too long for a socket, and so is {folder}: "
                "set WINNOW_VAR, or TMPDIR, to a folder with a shorter path."
            )
        yield folder / valkey.NAME
    finally:
        link.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _left_behind(link: Path) -> Path | None:
    """The folder that `link` names, where it is still there and still nobody else's."""
    try:
        folder = link.readlink()
        found = folder.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    return folder if private and found.st_uid == os.geteuid() else None


def _linked(link: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="winnow-"))
    draft = link.with_name(f"{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(folder)
    draft.replace(link)
    return folder
