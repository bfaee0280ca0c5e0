"""The log's care for the torture: erases who is to be erased, and compacts, until it is killed.

As `pipelines.care` does it, without a database: a request is a file, named by the user, with the
time up to which they are erased. Once it is finished there is a file `<user>.done` beside it.

Usage: python torture_care.py LOG_DIR JOURNAL_DIR REQUESTS
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from events import compaction, condemned, erased, erasure, journal_erasure
from events.records import STREAMS


def requests(folder: Path) -> dict[str, datetime]:
    """Up to when each user is erased, of those who are to be."""
    paths = [path for path in folder.glob("*") if not path.suffix]
    return {path.name: datetime.fromisoformat(path.read_text()) for path in paths}


def ask(folder: Path, user: str) -> None:
    """Ask for the user to be erased up to now."""
    new = folder / f"{user}.new"
    new.write_text(datetime.now(UTC).isoformat())
    new.rename(folder / user)


def look_after(log_dir: Path, journal_dir: Path, folder: Path) -> None:
    """One round."""
    for user, before in requests(folder).items():
        if not is_done(folder, user):
            _erase(log_dir, journal_dir, folder, user, before)
    # As if two hours from now: then a file of any age and in any number is due.
    due = datetime.now(UTC) + timedelta(hours=2)
    compaction.compact(log_dir, "events", now=due, erased=erased.people(log_dir))
    condemned.remove(log_dir, "events")


def is_done(folder: Path, user: str) -> bool:
    return (folder / f"{user}.done").exists()


def _erase(log_dir: Path, journal_dir: Path, folder: Path, user: str, before: datetime) -> None:
    erased.order(log_dir, user, before=before)
    waiting = journal_erasure.waiting(log_dir, journal_dir, user, before=before)
    for stream in STREAMS:
        erasure.erase(log_dir, stream, user, before=before)
    journal_erasure.blot_out(log_dir, journal_dir, user, before=before)
    if not any(waiting.values()):
        (folder / f"{user}.done").touch()


if __name__ == "__main__":
    while True:
        look_after(*map(Path, sys.argv[1:]))
        time.sleep(0.2)
