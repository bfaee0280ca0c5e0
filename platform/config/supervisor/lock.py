"""One supervisor per var/: a lock on var/lock that lives as long as any process of it.

flock(2) belongs to the open file, and every child inherits it. So a supervisor killed with -9 frees
the lock only once its last child is gone, and two Valkeys or two drains never meet in one folder.
"""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from config.supervisor.exceptions import AlreadyRunningError


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who wrote the lock: process id (0 when it has not been written yet) and web address."""

    pid: int
    address: str

    def alive(self) -> bool:
        if self.pid == 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # alive, and somebody else's
            return True
        return True


def acquire(path: Path, *, address: str, patience: float = 3.0) -> int:
    """Take the lock and write this process and `address` into it; the open descriptor holds it.

    patience: seconds to wait for the children of a supervisor that was itself killed to be gone.
    Raises AlreadyRunningError, naming the holder, and leaves the file as it was.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    _wait(descriptor, path, patience)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {address}\n".encode(), 0)
    return descriptor


def require_free(path: Path, *, patience: float = 3.0) -> None:
    """Raises AlreadyRunningError where `acquire` would; makes nothing and keeps nothing."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:  # nobody ever held it, or nobody like us may
        return
    _wait(descriptor, path, patience)
    os.close(descriptor)


def _wait(descriptor: int, path: Path, patience: float) -> None:
    """Returns with the lock taken; closes `descriptor` where that fails."""
    deadline = time.monotonic() + patience
    while not _lock(descriptor):
        holder = _read(descriptor)
        if holder.alive() or time.monotonic() > deadline:
            os.close(descriptor)
            raise AlreadyRunningError(_refusal(path, holder))
        time.sleep(0.1)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> Holder:
    pid, _, address = os.pread(descriptor, 200, 0).decode(errors="replace").partition(" ")
    return Holder(pid=int(pid) if pid.isdecimal() else 0, address=address.strip())


def _refusal(path: Path, holder: Holder) -> str:
    if holder.alive():
        return (
            f"Winnow already runs on {path.parent}: process {holder.pid}, {holder.address}. "
            f"Open that, or stop it with `kill {holder.pid}`, or set WINNOW_VAR to another folder."
        )
    return (
        f"A process left over from an earlier Winnow still holds {path}. "
        f"Find it with `fuser {path}`, stop it, and try again."
    )
