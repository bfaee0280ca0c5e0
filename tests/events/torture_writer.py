"""A writer for test_durability: appends until it is killed, and notes what was acknowledged.

Usage: python torture_writer.py JOURNAL_DIR ACKNOWLEDGED_FILE NAME
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from events.journal import Journal
from events.records import Event
from tests.events.torture import BATCH, note, user_of


def event(id_: str, now: datetime) -> Event:
    return Event(
        id=id_,
        type="click",
        user=user_of(id_),
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
        now = datetime.now(UTC)
        batch = [event(f"{name}-{n}-{k}", now) for k in range(BATCH)]
        journal.append([*repeated, *batch])
        os.write(notes, note([e.id for e in batch], sent=now, taken=now))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
