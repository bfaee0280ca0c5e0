"""Files whose rows of erased people a compaction leaves out, noted before it puts others in their
place, so that they go at once and not after a day, whoever is killed in between.

A note is an empty file, `condemned/<stream>/<path>`, the path below the table's folder and quoted.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from events.data_files import files_of, open_table
from events.records import Stream
from events.segment import sync_path

FOLDER = "condemned"


def note(log_dir: Path, stream: Stream, paths: Iterable[str]) -> None:
    """Note, durably, that these files of the table go as soon as they are replaced."""
    folder = log_dir / FOLDER / stream
    for path in paths:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / quote(path, safe="")).touch()
    if folder.exists():
        sync_path(folder)


def remove(log_dir: Path, stream: Stream) -> int:
    """Delete the noted files that are in the newest version no longer; how many notes are done."""
    notes = list((log_dir / FOLDER / stream).glob("*"))
    table = open_table(log_dir, stream) if notes else None
    if table is None:
        return 0
    current = {file.path for file in files_of(table)}
    done = [entry for entry in notes if unquote(entry.name) not in current]
    for entry in done:
        (log_dir / stream / unquote(entry.name)).unlink(missing_ok=True)
        entry.unlink()
    return len(done)
