"""Waiting until the log has what this host's journals hold now."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from events import journal_files
from events.data_files import open_table
from events.drain import Drain
from events.exceptions import DrainAlreadyRunning
from events.records import STREAMS

WAIT_SECONDS = 20.0


def catch_up(journal_dir: Path, log_dir: Path, *, seconds: float = WAIT_SECONDS) -> bool:
    """Return once all that the journals hold at this moment is in the log; whether it is.

    Waits for the drain that runs, or drains here where none does. False after about `seconds`: the
    drain is behind, or cannot commit. Raises what a commit of its own raises.
    """
    marks = {path: journal_files.size_of(path) for path in journal_files.journals(journal_dir)}
    deadline = time.monotonic() + seconds
    while _is_behind(marks, log_dir):
        if time.monotonic() > deadline:
            return False
        with suppress(DrainAlreadyRunning), Drain(journal_dir, log_dir) as drain:
            drain.once()
    return True


def _is_behind(marks: Mapping[Path, int], log_dir: Path) -> bool:
    """Whether a journal that is still there was read less far than to its mark."""
    for stream in STREAMS:
        table = open_table(log_dir, stream)
        for path, mark in marks.items():
            if path.name.partition("-")[0] == stream and path.exists():
                drained = (table.transaction_version(path.name) or 0) if table else 0
                if drained < mark:
                    return True
    return False
