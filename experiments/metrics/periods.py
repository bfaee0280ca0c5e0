"""The grid of as-of times of a scorecard: at most sixty points, whatever the age of the test."""

from datetime import UTC, datetime, timedelta

import ibis
import msgspec
from ibis.expr.types import IntegerValue

from experiments.metrics.engine import SECOND

MOST_PERIODS = 60

_STEPS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=7),
)


def choose_period(started_at: datetime, until: datetime) -> timedelta:
    """The shortest usual period that cuts the time between into at most 60.

    10 s for a demo of minutes, a day for a test of weeks; beyond 420 days, a multiple of weeks.
    """
    span = max(until - started_at.replace(microsecond=0), timedelta(0))
    for step in _STEPS:
        if span <= MOST_PERIODS * step:
            return step
    return -(-span // (MOST_PERIODS * _STEPS[-1])) * _STEPS[-1]


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Periods of equal length from `anchor` (whole epoch seconds, UTC) to `as_of`.

    Period k holds what happened in [anchor + k * seconds, anchor + (k + 1) * seconds); the last one
    ends at `as_of` and holds that instant too. The anchor is the start floored to a second, so that
    engines that count whole seconds and engines that count microseconds agree on every boundary.
    """

    anchor: int
    seconds: int
    periods: int
    as_of: datetime

    @property
    def ends(self) -> tuple[datetime, ...]:
        """The as-of time of each period."""
        whole = (self.anchor + self.seconds * (k + 1) for k in range(self.periods - 1))
        return (*(datetime.fromtimestamp(end, UTC) for end in whole), self.as_of)


def grid(started_at: datetime, as_of: datetime) -> Grid:
    """The grid for a phase that started at `started_at`, as of `as_of`; at least one period."""
    seconds = int(choose_period(started_at, as_of).total_seconds())
    anchor = int(started_at.timestamp() // 1)
    whole = -(-(as_of.timestamp() - anchor) // seconds)
    return Grid(
        anchor=anchor, seconds=seconds, periods=max(int(whole), 1), as_of=as_of.astimezone(UTC)
    )


def period_of(at: IntegerValue, grid: Grid) -> IntegerValue:
    """The period of a time in microseconds; before the start (a clock ahead of ours), the first."""
    since = ibis.greatest(at - grid.anchor * SECOND, 0)
    return ibis.least(since // (grid.seconds * SECOND), grid.periods - 1).cast("int64")
