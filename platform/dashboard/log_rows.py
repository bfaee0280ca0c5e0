"""Looking for rows of the log: newest first, a page at a time, with bounded work.

Days are read from the newest on, more at a time the longer nothing is found, until a page is full
or enough was read. What was read is told, and the next page goes on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import ibis
from django.conf import settings

from dashboard.log_reads import opened, table_of
from events.readers import Log
from events.records import STREAMS, Stream
from events.schema import KEYS

logger = logging.getLogger(__name__)

PAGE = 50
MOST_DAYS = 60
MOST_ROWS = 20_000_000
STEPS = (1, 2, 7)  # days read at a time; the last as often as it takes


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where the last page ended: the next rows are older, or as old with a smaller key."""

    at: datetime
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows. Empty text asks for nothing; `since` is included, `until` is not. Only events
    have a type.
    """

    streams: Sequence[Stream] = STREAMS
    type: str = ""
    user: str = ""
    item: str = ""
    request: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: Cursor | None = None


@dataclass(kw_only=True)
class Page:
    """Rows, newest first, and what was read for them: `first` to `last` day, and how many rows the
    days hold. `next` is None where nothing older is left.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    first: date | None = None
    last: date | None = None
    days: int = 0
    looked_through: int = 0
    next: Cursor | None = None


def find(wanted: Wanted) -> Page | None:
    """A page of rows; None where the log cannot be read."""
    try:
        with opened() as log:
            return _find(log, wanted)
    except Exception:  # deltalake, DuckDB and the file system have no common error
        logger.exception("The log in %s cannot be read.", settings.LOG_DIR)
        return None


def _find(log: Log, wanted: Wanted) -> Page:
    page = Page()
    days = _days(log, wanted)
    for chunk in _chunks(days):
        found = [row for stream in wanted.streams for row in _rows(log, stream, wanted, chunk)]
        page.rows += sorted(found, key=_order, reverse=True)
        page.looked_through += sum(_count(log, stream, chunk) for stream in wanted.streams)
        page.last, page.first, page.days = page.last or chunk[0], chunk[-1], page.days + len(chunk)
        if len(page.rows) > PAGE or page.days >= MOST_DAYS or page.looked_through >= MOST_ROWS:
            break
    page.next = _next(page, older=page.days < len(days))
    page.rows = page.rows[:PAGE]
    return page


def _next(page: Page, *, older: bool) -> Cursor | None:
    if len(page.rows) > PAGE:
        at, key = _order(page.rows[PAGE - 1])
        return Cursor(at=at, key=key)
    if older and page.first:
        return Cursor(at=datetime.combine(page.first, time(), UTC))
    return None


def _order(row: dict[str, Any]) -> tuple[datetime, str]:
    return row["at"], row["key"] or ""


def _days(log: Log, wanted: Wanted) -> list[date]:
    """The days with rows that can be wanted, the newest first."""
    days = sorted({day for stream in wanted.streams for day in log.days(stream)}, reverse=True)
    ends = [_last_day(wanted.until)] if wanted.until else []
    if wanted.after:
        ends.append(
            wanted.after.at.astimezone(UTC).date()
            if wanted.after.key
            else _last_day(wanted.after.at)
        )
    newest = min(ends, default=date.max)
    oldest = wanted.since.astimezone(UTC).date() if wanted.since else date.min
    return [day for day in days if oldest <= day <= newest]


def _last_day(before: datetime) -> date:
    """The day of the last moment before this one."""
    return (before.astimezone(UTC) - timedelta(microseconds=1)).date()


def _chunks(days: Sequence[date]) -> Iterator[Sequence[date]]:
    start, steps = 0, list(STEPS)
    while start < len(days):
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        yield days[start : start + step]
        start += step


def _count(log: Log, stream: Stream, days: Sequence[date]) -> int:
    table = table_of(log, stream)
    return int(table.filter(table.day.isin(days)).count().to_pyarrow().as_py())


def _rows(
    log: Log, stream: Stream, wanted: Wanted, days: Sequence[date]
) -> Iterator[dict[str, Any]]:
    table = table_of(log, stream)
    table = table.mutate(key=table[KEYS[stream]])
    found = table.filter(table.day.isin(days), *_conditions(table, stream, wanted))
    newest = found.order_by([ibis.desc("at"), ibis.desc("key")]).limit(PAGE + 1)
    for row in newest.to_pyarrow().to_pylist():
        yield row | {"stream": stream}


def _conditions(table: ibis.Table, stream: Stream, wanted: Wanted) -> Iterator[Any]:
    if wanted.type and stream == "events":
        yield table.type == wanted.type
    if wanted.user:
        yield table.user == wanted.user
    if wanted.request:
        yield table.request_id == wanted.request
    if wanted.item and stream == "events":
        yield table.item == wanted.item
    if wanted.item and stream == "exposures":
        yield table["items"].filter(lambda one: one.id == wanted.item).length() > 0
    if wanted.since:
        yield table.at >= wanted.since
    if wanted.until:
        yield table.at < wanted.until
    if wanted.after:
        at, key = wanted.after.at, wanted.after.key
        yield (table.at < at) | ((table.at == at) & (table.key < key))
