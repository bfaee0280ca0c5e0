"""One process: started on a leash, in a session of its own; ended with all of that session."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from config import leash
from config.supervisor.specs import ProcessSpec

LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0
_CHUNK = 64 * 1024


def pause_after(failures: int) -> float:
    """Seconds before the next start, after `failures` (from 1) short lives: 1, 2, 4 .. 30."""
    return min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 5))


class Child:
    """A running process of one spec."""

    def __init__(self, spec: ProcessSpec, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101  (for the type: it is always a pipe)
        self.spec = spec
        self.pid = process.pid
        self.output = process.stdout
        self._process = process
        self._started = time.monotonic()
        os.set_blocking(self.output.fileno(), False)

    @classmethod
    def start(
        cls,
        spec: ProcessSpec,
        *,
        environment: Mapping[str, str],
        folder: Path,
        keep_open: int | None,
    ) -> "Child":
        """keep_open: a descriptor the process inherits, the lock's."""
        tied = (sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *spec.command)
        process = subprocess.Popen(
            tied,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env=environment,
            cwd=folder,
            start_new_session=True,  # so that Ctrl-C reaches the supervisor alone
            pass_fds=() if keep_open is None else (keep_open,),
        )
        return cls(spec, process)

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def read(self) -> bytes:
        """What it printed since the last call; empty when nothing is there now, or ever again."""
        try:
            return self.output.read(_CHUNK) or b""
        except ValueError:  # closed
            return b""

    def returncode(self) -> int | None:
        """None while it runs; the exit code, or minus the number of the signal that ended it."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask the process, and not its workers, to end: it knows how to stop those in order."""
        self._process.terminate()

    def kill_group(self) -> None:
        """End it and all it started that stayed in its session, at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def children_of(parent: int) -> set[int]:
    """Process ids whose parent is `parent`, by /proc; empty on systems without one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.add(int(stat.parent.name))
    return found
