"""Which time of a placement is counted, and its slates as those of an experiment."""

from datetime import datetime, timedelta

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, Table

from experiments.metrics.exceptions import MissingColumn, NoTraffic
from experiments.metrics.shape import time_of
from experiments.metrics.spec import ScorecardSpec

NAME, EVERYONE, NOBODY = "baseline", "everyone", "nobody"
DAY = timedelta(days=1)


def first_slates(
    exposures: Table, placement: str | None, until: datetime, days: int, lookback_days: float
) -> dict[str, datetime]:
    """The first slate on the placement, within the days and with the lookback before them."""
    since = until - days * DAY
    seen = _recent_slates(exposures, since - lookback_days * DAY, until)
    here = _is_here(seen, placement)
    found = seen.aggregate(
        within=seen.at.min(where=here & (seen.at >= ibis.literal(since))),
        ever=seen.at.min(where=here),
    ).to_pyarrow()
    row: dict[str, datetime] = found.to_pylist()[0]
    if row["within"] is None:
        raise NoTraffic(placement, since, until, _placements(seen, since))
    return row


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


def _is_here(seen: Table, placement: str | None) -> BooleanValue:
    if placement is None:
        return seen.at.notnull()
    if "placement" not in seen.columns:
        raise MissingColumn("exposures", "placement", f"the placement {placement!r}")
    return (seen.placement == placement).fill_null(False)


def _recent_slates(exposures: Table, since: datetime, until: datetime) -> Table:
    at = time_of("exposures", exposures)
    return exposures.mutate(at=at).filter(_.at >= ibis.literal(since), _.at <= ibis.literal(until))


def recent(events: Table, name: str, spec: ScorecardSpec) -> Table:
    """What the pre-period can reach, and the rules' first midnight with it."""
    since = spec.started_at - max(timedelta(seconds=spec.lookback), DAY)
    return events.filter(time_of(name, events) >= ibis.literal(since))


def as_experiment(exposures: Table, placement: str | None, spec: ScorecardSpec) -> Table:
    """Slates of the placement in the time as those of the experiment, all others as of none.

    Others stay: the pre-period and the rules for bots look at them.
    """
    slates = recent(exposures, "exposures", spec)
    here = _is_here(slates, placement)
    ours = here & (time_of("exposures", slates) >= ibis.literal(spec.started_at))
    one = {} if placement is not None else {"placement": ibis.literal("")}
    named = slates.mutate(
        experiment=ours.ifelse(ibis.literal(NAME), ibis.null("string")),
        phase=ibis.literal(1, "int64"),
        variant=ibis.literal(EVERYONE),
        **one,
    )
    return named.drop("reason") if "reason" in named.columns else named
