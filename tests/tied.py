"""Servers of a test run that end with it, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

LEASH = Path(__file__).parents[1] / "platform" / "config" / "leash.py"


def tied(command: Sequence[str | Path]) -> list[str | Path]:
    """The command, killed by the kernel when this process is: pytest's fixtures end no server
    where a worker is killed, as xdist kills those of a run that is interrupted.
    """
    return [sys.executable, "-I", "-S", LEASH, str(os.getpid()), *command]
