"""A log with two weeks of a placement, counted in the head.

Every day 100 people come for the first time, and again on the day after. One in ten of them clicks
on the first of the two items of the first slate. They were seen a day before the two weeks as well,
where the same one in ten clicked, if `before` is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from events.delta import LogTable
from events.records import Event, Exposure
from events.schema import to_table
from tests.events.conftest import EVENT, EXPOSURE

DAYS, A_DAY = 14, 100


def write(folder: Path, until: datetime, *, before: bool = False) -> None:
    """Fill the log in `folder` with the two weeks before `until`."""
    visits = list(_visits(until, before=before))
    exposures = [exposure for exposure, _ in visits]
    events = [click for _, click in visits if click is not None]
    LogTable(folder, "exposures").append(to_table("exposures", exposures), {"x": 1})
    LogTable(folder, "events").append(to_table("events", events), {"x": 1})


def _visits(until: datetime, *, before: bool) -> Iterator[tuple[Exposure, Event | None]]:
    start = until - timedelta(days=DAYS)
    for n in range(DAYS * A_DAY):
        first = start + timedelta(days=n // A_DAY, seconds=60 + n % A_DAY)
        if before:
            yield _visit(n, start - timedelta(days=1), "before", clicks=n % 10 == 0)
        yield _visit(n, first, "first", clicks=n % 10 == 0)
        if first + timedelta(days=1) < until:
            yield _visit(n, first + timedelta(days=1), "again", clicks=False)


def _visit(n: int, at: datetime, tag: str, *, clicks: bool) -> tuple[Exposure, Event | None]:
    request, user = f"{tag}-{n}", f"u{n}"
    served = msgspec.structs.replace(EXPOSURE, request_id=request, user=user, at=at, received_at=at)
    later = at + timedelta(seconds=5)
    click = msgspec.structs.replace(
        EVENT, id=f"c-{request}", user=user, request_id=request, at=later, received_at=later
    )
    return served, click if clicks else None
