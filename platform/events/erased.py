"""Who was erased, and up to when: rows taken in before that are removed whenever they come.

An order is an empty file beside the tables, named `<SHA-256 of the user id>.<microseconds since
1970>`: it is there whole or not at all, and needs no database. It stays, because a host that was
away may bring its journals much later.
"""

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from events.segment import sync_folder

FOLDER = "erased"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def digest(user: str) -> str:
    """How a person is called here."""
    return sha256(user.encode()).hexdigest()


def order(log_dir: Path, user: str, *, before: datetime) -> None:
    """Order, durably, that what was taken from this user by `before` is removed."""
    folder = log_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    micros = (before - _EPOCH) // timedelta(microseconds=1)
    (folder / f"{digest(user)}.{micros}").touch()
    sync_folder(folder)


def people(log_dir: Path) -> dict[str, datetime]:
    """For each person's SHA-256 the newest time up to which they were erased."""
    found: dict[str, datetime] = {}
    for name in _names(log_dir / FOLDER):
        person, _, micros = name.partition(".")
        until = _EPOCH + timedelta(microseconds=int(micros))
        found[person] = max(until, found.get(person, until))
    return found


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
