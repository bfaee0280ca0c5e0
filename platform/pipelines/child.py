"""The process that does a job's work, watched by the worker that holds the job's lease.

Work runs in a fresh child: TensorFlow never meets a fork, all that it took of memory goes back with
the process, and a job that is cancelled can be stopped at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import IO

from django.conf import settings

HEARTBEAT_SECONDS = 5.0


def run(command: str, job: int, errors: IO[bytes], *, renew: Callable[[], bool]) -> int:
    """The exit code of `manage.py COMMAND JOB`, negative where a signal ended it.

    renew: keeps the lease; where it says False the job is another's, and the child is stopped.
    errors: takes all that the child prints on its standard error.
    """
    leash = [sys.executable, "-I", "-S", str(settings.LEASH), str(os.getpid())]
    work = [sys.executable, str(settings.BASE_DIR / "manage.py"), command, str(job)]
    child = subprocess.Popen(
        [*leash, *work], stderr=errors, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    try:
        while True:
            try:
                return child.wait(HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                if not renew():
                    return -signal.SIGTERM
    finally:
        child.kill()
        child.wait()


def last_words(errors: IO[bytes], code: int, *, of: str) -> str:
    """What the child printed, and how it ended; `of` names it, as in `training`."""
    errors.seek(0)
    text = errors.read().decode(errors="replace").strip()
    ended = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return f"{text}\nThe {of} process {ended}."
