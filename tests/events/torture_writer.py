"""A writer for test_durability: appends until it is killed, and notes what was acknowledged.

Usage: python torture_writer.py JOURNAL_DIR ACKNOWLEDGED_FILE NAME
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from events.journal import Journal
from events.records import Event


def event(id_: str) -> Event:
    now = datetime.now(UTC)
    return Event(
        id=id_,
        type="click",
        user="u",
        item="i",
        request_id=None,
        value=None,
        properties={},
        at=now,
        received_at=now,
    )


def main(folder: Path, acknowledged: Path, name: str) -> None:
    journal = Journal(folder, "events", rotate_bytes=20_000)
    notes = os.open(acknowledged, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    batch: list[Event] = []
    for n in range(10**9):
        repeated = batch[:1]  # as a client does that got no answer
        batch = [event(f"{name}-{n}-{k}") for k in range(5)]
        journal.append([*repeated, *batch])
        os.write(notes, "".join(f"{e.id}\n" for e in batch).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
