"""Ties a process to its parent, so that nothing of Winnow outlives what started it.

Linux only (prctl(2)); elsewhere the functions return False and nothing is tied. It imports the
standard library only, because it is also a script: `python -I -S leash.py PARENT COMMAND...` ties
itself and becomes COMMAND, which keeps the tie. That takes 10 ms, and unlike a function run between
fork and exec it cannot deadlock.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def bind_to_parent(parent: int | None = None) -> bool:
    """Have the kernel kill this process (SIGKILL) when its parent dies.

    parent: the process id that started this one. By default what multiprocessing knows it to be,
        which covers granian's forked workers, else whoever is the parent now. Where `parent` is
        already gone this process dies here, as if the signal had still reached it.

    The kernel watches the thread that forked, not the whole parent: start children from a thread
    that lives as long as they may. A fork clears the tie; an exec keeps it.
    """
    expected = parent or _multiprocessing_parent() or os.getppid()
    if not _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL):
        return False
    if os.getppid() != expected:
        os.kill(os.getpid(), signal.SIGKILL)
    return True


def adopt_orphans() -> bool:
    """Make this process the new parent of every descendant whose own parent dies."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _multiprocessing_parent() -> int | None:
    module = sys.modules.get("multiprocessing")
    parent = module.parent_process() if module else None
    return parent.pid if parent else None


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    arguments = (ctypes.c_ulong(argument) for argument in (value, 0, 0, 0))
    return bool(ctypes.CDLL(None).prctl(option, *arguments) == 0)


def main(arguments: list[str]) -> None:
    parent, *command = arguments
    bind_to_parent(int(parent))
    try:
        os.execvp(command[0], command)  # noqa: S606  (no shell is wanted)
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
