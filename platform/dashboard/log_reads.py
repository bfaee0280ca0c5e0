"""What the Data page reads: states and counts, and one user's last rows. Nothing is computed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
from django.conf import settings

from events import health, readers
from events.health import Health
from events.readers import Freshness, Log
from events.records import STREAMS, Stream
from serving import rejections, tallies

logger = logging.getLogger(__name__)

MOST_ROWS = 50
LOOK_BACK = (1, 7, 30)
"""Days: the next is looked through only where the one before has too few rows."""


@dataclass(frozen=True, kw_only=True)
class StreamRow:
    """One table of the log. Counts are of its rows; today is a day of UTC."""

    stream: Stream
    today: int
    total: int
    version: int
    freshness: Freshness


@dataclass(frozen=True, kw_only=True)
class DataState:
    """`streams` is None where the log cannot be read; what was `rejected`, by field,
    where Valkey is away.
    """

    streams: list[StreamRow] | None
    journals: Health
    dropped: int
    rejected: dict[Stream, dict[str, int] | None]

    @property
    def empty(self) -> bool:
        """Whether nothing was ever written down."""
        rows = self.streams or []
        waiting = any(row.total or row.freshness.backlog_bytes for row in rows)
        return self.streams is not None and not waiting and not self.dropped

    @property
    def journal_share(self) -> float:
        """How full the journals are, 0 to 1."""
        return min(self.journals.stored_bytes / self.journals.bound_bytes, 1.0)


def state(*, now: datetime) -> DataState:
    """Both tables, the journals, and what could not be taken."""
    return DataState(
        streams=_streams(now),
        journals=health.check(settings.JOURNAL_DIR),
        dropped=tallies.totals().get("exposures_dropped", 0),
        rejected={stream: rejections.last_hour(stream, now=now) for stream in STREAMS},
    )


def _streams(now: datetime) -> list[StreamRow] | None:
    try:
        with opened() as log:
            fresh = log.freshness(now, journal_dir=settings.JOURNAL_DIR)
            return [_row(log, stream, fresh[stream], now) for stream in STREAMS]
    except Exception:  # deltalake, DuckDB and the file system have no common error
        logger.exception("The log in %s cannot be read.", settings.LOG_DIR)
        return None


def _row(log: Log, stream: Stream, fresh: Freshness, now: datetime) -> StreamRow:
    table = table_of(log, stream)
    days = table.group_by("day").aggregate(rows=table.count()).to_pyarrow().to_pylist()
    return StreamRow(
        stream=stream,
        today=sum(day["rows"] for day in days if day["day"] == now.date()),
        total=sum(day["rows"] for day in days),
        version=log.versions[stream],
        freshness=fresh,
    )


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user's last rows, newest first, of at most `days` days back."""

    user: str
    days: int
    rows: list[dict[str, Any]]


def person(user: str, *, now: datetime) -> Person | None:
    """The last 50 exposures and events of one user. None where the log cannot be read."""
    try:
        with opened() as log:
            return _person(log, user, now)
    except Exception:
        logger.exception("The log in %s cannot be read.", settings.LOG_DIR)
        return None


def _person(log: Log, user: str, now: datetime) -> Person:
    for days in LOOK_BACK:
        since = now - timedelta(days=days)
        rows = [row for stream in STREAMS for row in _last(log, stream, user, since)]
        if len(rows) >= MOST_ROWS:
            break
    newest = sorted(rows, key=lambda row: row["at"], reverse=True)[:MOST_ROWS]
    return Person(user=user, days=days, rows=newest)


def _last(log: Log, stream: Stream, user: str, since: datetime) -> list[dict[str, Any]]:
    table = table_of(log, stream)
    found = table.filter(table.day >= since.date(), table.user == user)
    newest = found.order_by(ibis.desc("at")).limit(MOST_ROWS).to_pyarrow().to_pylist()
    return [row | {"stream": stream} for row in newest]


def table_of(log: Log, stream: Stream) -> ibis.Table:
    """One of the log's tables by its name."""
    return log.events() if stream == "events" else log.exposures()


@contextmanager
def opened() -> Iterator[Log]:
    """The log at its newest versions, for as long as the block runs."""
    log = readers.open_log(settings.LOG_DIR)
    try:
        yield log
    finally:
        log.close()
