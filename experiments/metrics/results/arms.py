"""How each variant did by itself."""

from datetime import datetime

import msgspec


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One variant's volume. `weight` is its configured share of the newest phase's traffic, 0..1; 0
    once it takes no users.
    """

    variant: str
    weight: float
    users: int
    impressions: int
    clicks: int


class ArmValue(msgspec.Struct, frozen=True, kw_only=True):
    """A metric in one variant, with the interval of that arm alone.

    The interval is for one look at the scorecard's confidence: value -+ z * std_error, not below 0;
    Wilson's for proportions. It describes the arm; only a comparison decides.
    """

    variant: str
    users: int
    value: float | None
    low: float | None
    high: float | None
    std_error: float | None
    reason: str | None


class SeriesPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A metric in one variant from the start up to `as_of`, with that arm's one-look interval.

    `period` is the metric of the period that ends at `as_of` alone: of what happened in it, or of a
    metric with a window of the users whose window passed in it. Means and shares of users without
    a window have none, since a user counts once. Snapshots from before it have none either.
    """

    as_of: datetime
    variant: str
    users: int
    value: float | None
    low: float | None
    high: float | None
    period: float | None = None


class PhaseSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A metric in the arms of one phase, from its start up to each as-of time until its end."""

    phase: int
    points: tuple[SeriesPoint, ...]


class ExposurePoint(msgspec.Struct, frozen=True, kw_only=True):
    """Users first seen in the period that ends at `as_of`, and all users seen by then.

    `planned` is what the weights make of all that came in that period, phase by phase. Snapshots
    from before it have none.
    """

    as_of: datetime
    variant: str
    new_users: int
    users: int
    planned: float | None = None
