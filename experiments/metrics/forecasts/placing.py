"""Which time of a placement is counted."""

from datetime import datetime

import ibis
from ibis import _
from ibis.expr.types import Table

from experiments.metrics.exceptions import NoTraffic
from experiments.metrics.one_arm import DAY, is_on
from experiments.metrics.shape import time_of


def first_slates(
    exposures: Table, placement: str | None, until: datetime, days: int, lookback_days: float
) -> dict[str, datetime]:
    """The first slate on the placement, within the days and with the lookback before them."""
    since = until - days * DAY
    seen = _recent_slates(exposures, since - lookback_days * DAY, until)
    here = is_on(seen, placement)
    found = seen.aggregate(
        within=seen.at.min(where=here & (seen.at >= ibis.literal(since))),
        ever=seen.at.min(where=here),
    ).to_pyarrow()
    row: dict[str, datetime] = found.to_pylist()[0]
    if row["within"] is None:
        raise NoTraffic(placement, (since, until), _placements(seen, since))
    return row


def last_slate(exposures: Table) -> datetime:
    """The time of the newest exposure. Raises NoTraffic where there is none."""
    last: datetime | None = time_of("exposures", exposures).max().to_pyarrow().as_py()
    if last is None:
        raise NoTraffic(None)
    return last


def _placements(seen: Table, since: datetime) -> tuple[str, ...]:
    if "placement" not in seen.columns:
        return ()
    named = seen.filter(seen.at >= ibis.literal(since), seen.placement.notnull())
    return tuple(sorted(named.select("placement").distinct().to_pyarrow()["placement"].to_pylist()))


def begin(first: datetime, until: datetime, days: int) -> datetime:
    """The start of the days, or of the first whole day of a log that begins later."""
    start = until - days * DAY
    if first - start < DAY:
        return start
    return until - (until - first) // DAY * DAY if until - first >= DAY else first


def _recent_slates(exposures: Table, since: datetime, until: datetime) -> Table:
    at = time_of("exposures", exposures)
    return exposures.mutate(at=at).filter(_.at >= ibis.literal(since), _.at <= ibis.literal(until))
