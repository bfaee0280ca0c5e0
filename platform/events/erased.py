"""Who was erased, and up to when: rows taken in before that are removed whenever they come.

An order is an empty file beside the tables, named `<SHA-256 of the user id>.<microseconds since
1970>`: it is there whole or not at all, and needs no database. It stays, because a host that was
away may bring its journals much later.
"""

import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from events.records import Record
from events.segment import sync_path

log = logging.getLogger(__name__)

FOLDER = "erased"
AHEAD = timedelta(minutes=5)  # as far as clocks of several hosts may be apart
SETTLED_SECONDS = 2.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def digest(user: str) -> str:
    """How a person is called here."""
    return sha256(user.encode()).hexdigest()


def order(log_dir: Path, user: str, *, before: datetime) -> None:
    """Order, durably, that what was taken from this user by `before` is removed."""
    folder = log_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{digest(user)}.{_micros(before)}").touch()
    sync_path(folder)


def people(log_dir: Path) -> dict[str, datetime]:
    """For each person's SHA-256 the newest time up to which they were erased."""
    found: dict[str, datetime] = {}
    for name in _names(log_dir / FOLDER):
        person, _, micros = name.partition(".")
        until = _EPOCH + timedelta(microseconds=int(micros))
        found[person] = max(until, found.get(person, until))
    return found


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def is_taken_by(record: Record, before: datetime) -> bool:
    """Whether the record, which is in the log or a journal, was taken by then.

    One that was taken later than now was taken by a clock that has been set back since: when it
    was, nobody knows, and it goes. So the clock is read here, after the record was.
    """
    return record.taken_at <= before or record.taken_at > datetime.now(UTC)


class StandingOrders:
    """The orders as a process that goes on and on knows them: read again only once they changed."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._read_at: int | None = None
        self._people: dict[str, datetime] = {}

    def without_erased(self, records: Sequence[Record], *, now: datetime) -> list[Record]:
        """The records but those that an order says to remove; how many, is logged."""
        self._refresh()
        if not self._people:
            return list(records)
        users = {record.user: self._people.get(digest(record.user)) for record in records}
        kept = [r for r in records if not ((until := users[r.user]) and r.taken_at <= until)]
        if left_out := len(records) - len(kept):
            log.info("%d records of people who were erased are left out.", left_out)
            self._warn_of({until for until in users.values() if until and until > now + AHEAD})
        return kept

    def rows_without_erased(self, rows: pa.Table) -> pa.Table:
        """The rows of an import but those that an order says to remove."""
        self._refresh()
        if not self._people:
            return rows
        users = rows["user"].combine_chunks().dictionary_encode()
        until = [self._people.get(digest(user)) for user in users.dictionary.to_pylist()]
        limits = pa.array(until, rows["received_at"].type).take(users.indices)
        return rows.filter(pc.fill_null(pc.greater(rows["received_at"], limits), True))

    def _warn_of(self, ahead: set[datetime]) -> None:
        for until in ahead:
            log.warning(
                "Somebody is to be erased up to %s, which is still to come: the clock was set back "
                "since, or is behind. What they do until then is left out. If the clock is right "
                "now, delete the file in %s whose name ends in .%d, and ask for the erasure again.",
                until,
                self._log_dir / FOLDER,
                _micros(until),
            )

    def _refresh(self) -> None:
        try:
            changed_at = (self._log_dir / FOLDER).stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed_at != self._read_at:
            self._people = people(self._log_dir)
            # A second order within the clock's tick would leave the folder's time as it is.
            settled = time.time_ns() - changed_at > SETTLED_SECONDS * 1e9
            self._read_at = changed_at if settled else None
