"""The process that does a job's work, watched by the worker that holds the job's lease: how long it
takes, how large it grows, and whether it is still wanted.

Work runs in a fresh child: TensorFlow never meets a fork, all that it took of memory goes back with
the process, and a job that is cancelled can be stopped at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 5.0
MEBI = 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """None is no limit. `memory_bytes` is of what lies in memory, not of what is reserved."""

    seconds: float | None = None
    memory_bytes: int | None = None


NONE = Limits()


class LimitReached(Exception):
    """The process was ended at a limit; the message says which, and where it is set."""


def run(
    command: str,
    job: int,
    errors: IO[bytes],
    *,
    renew: Callable[[], bool],
    limits: Limits = NONE,
) -> int:
    """The exit code of `manage.py COMMAND JOB`, negative where a signal ended it.

    renew: keeps the lease; where it says False the job is another's, and the child is stopped.
    errors: takes all that the child prints on its standard error.
    Raises LimitReached, with the child stopped.
    """
    leash = [sys.executable, "-I", "-S", str(settings.LEASH), str(os.getpid())]
    work = [sys.executable, str(settings.BASE_DIR / "manage.py"), command, str(job)]
    child = subprocess.Popen(
        [*leash, *work], stderr=errors, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    try:
        return _watched(child, renew, limits)
    finally:
        child.kill()
        child.wait()


def _watched(child: subprocess.Popen[bytes], renew: Callable[[], bool], limits: Limits) -> int:
    began = beaten = time.monotonic()
    while True:
        try:
            return child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        _require_within(limits, now - began, child.pid)
        if now - beaten >= HEARTBEAT_SECONDS:
            beaten = now
            if not renew():
                return -signal.SIGTERM


def _require_within(limits: Limits, seconds: float, pid: int) -> None:
    if limits.seconds is not None and seconds > limits.seconds:
        raise LimitReached(
            f"It took longer than the {limits.seconds / 60:g} minutes that a training may take "
            "(WINNOW_TRAIN_MINUTES), so it was ended."
        )
    used = None if limits.memory_bytes is None else resident(pid)
    if used is not None and limits.memory_bytes is not None and used > limits.memory_bytes:
        raise LimitReached(
            f"It used {used / MEBI:,.0f} MiB of memory, more than the "
            f"{limits.memory_bytes / MEBI:,.0f} MiB that a training may use "
            "(WINNOW_TRAIN_MEMORY_MB), so it was ended."
        )


def resident(pid: int) -> int | None:
    """How many bytes of a process lie in memory; None where that cannot be told, as of one that
    has just ended.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return _told_by_ps(pid)
    found = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return 1024 * int(found[0]) if found else None


def _told_by_ps(pid: int) -> int | None:
    """Where there is no /proc, as on macOS."""
    command = ["ps", "-o", "rss=", "-p", str(pid)]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return None
    return 1024 * int(told) if told.isdecimal() else None


def last_words(errors: IO[bytes], code: int, *, of: str) -> str:
    """What the child printed, and how it ended; `of` names it, as in `training`."""
    errors.seek(0)
    text = errors.read().decode(errors="replace").strip()
    ended = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return f"{text}\nThe {of} process {ended}."
