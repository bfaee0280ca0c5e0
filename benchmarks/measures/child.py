"""What a child process took: time, and memory at its peak."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LOOK_SECONDS = 0.05


class Used(NamedTuple):
    """Wall-clock seconds, the largest resident set in MB of 10^6 bytes, and seconds of processor:
    of all cores together, and hardly changed by what else the machine does.
    """

    seconds: float
    peak_mb: int
    cpu_seconds: float


def run(*arguments: object, var: Path, out: Path | None = None) -> Used:
    """Run Python with these arguments and all its state in `var`. What it prints goes to the file
    `out`, or else to standard error. Raises where it fails.
    """
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT / "platform"),
        "WINNOW_VAR": str(var),
    }
    environment.pop("DATABASE_URL", None)  # its state is in `var`, and nobody else's is touched
    begun, before = time.perf_counter(), _of_children()
    command = [sys.executable, *map(str, arguments)]
    with out.open("wb") if out else nullcontext(sys.stderr) as printed:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=printed)
    peak = 0
    # Not by getrusage: there a child begins with the memory of the process that forked it.
    while child.poll() is None:
        peak = max(peak, _peak_bytes(child.pid))
        time.sleep(LOOK_SECONDS)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    seconds, cpu = time.perf_counter() - begun, _of_children() - before
    return Used(round(seconds, 2), round(peak / 1e6), round(cpu, 2))


def _of_children() -> float:
    """Seconds of processor of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak_bytes(pid: int) -> int:
    """The kernel's own high-water mark, so a look that comes late sees what an earlier missed."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0
