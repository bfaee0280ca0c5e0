"""How long an experiment will take, or what it will find: what is asked, and the answer."""

from datetime import datetime
from typing import Literal

import msgspec

from experiments.metrics.definitions import Direction, Format, Kind
from experiments.stats.exceptions import SettingsError

Planned = Literal["sequential", "fixed"]
Asked = Literal["lift", "days", "users"]
BOTH: tuple[Planned, ...] = ("sequential", "fixed")

NO_PRE_PERIOD = "no_pre_period"
"""The log holds nothing from before the baseline: CUPED has nothing to adjust by."""

WINDOW_NOT_PASSED = "window_not_passed"
"""Nobody's window has passed by then, so nobody counts."""

NOBODY_YET = "nobody_yet"
"""So few users come by then that no arm has two."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The experiment that is planned. Raises SettingsError for traffic out of range; what else can
    be wrong is found by the design.

    weights      traffic of the arms in any unit, the control first
    traffic      the share of the placement's users who take part, above 0 and at most 1
    comparisons  what Holm corrects over: its first step is planned for; None: one per treatment
    """

    weights: tuple[float, ...] = (1.0, 1.0)
    traffic: float = 1.0
    confidence: float = 0.95
    power: float = 0.8
    methods: tuple[Planned, ...] = BOTH
    comparisons: int | None = None

    @property
    def level(self) -> float:
        """The confidence that correction asks of each comparison."""
        return 1 - (1 - self.confidence) / (self.comparisons or len(self.weights) - 1)

    def __post_init__(self) -> None:
        if not 0 < self.traffic <= 1:
            raise SettingsError("traffic", f"must be above 0 and at most 1, not {self.traffic!r}")


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """One test, with or without CUPED. None where a reason says that there is no answer.

    lift           a relative change of the control's value: the one asked about, or the smallest
                   that is found with the power
    users          who count, in all arms together; `tuning` those of both compared arms, to launch
                   a sequential test with
    days           until they have come and their windows have passed; `soonest` as `days_until` has
                   it; `extrapolated` beyond the days that were observed
    reason         why there are no users, or no lift; `days_reason` why there are no days
    """

    method: Planned
    cuped: bool
    lift: float | None = None
    users: int | None = None
    tuning: int | None = None
    days: int | None = None
    soonest: int | None = None
    extrapolated: bool = False
    reason: str | None = None
    days_reason: str | None = None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer rests on: see Baseline.

    value          of the metric, over `users` whose window has passed; None where there is none
    new_users      by day, all the placement's; a share of `traffic` takes part
    """

    placement: str | None
    since: datetime
    until: datetime
    days: float
    users: int
    value: float | None
    new_users: tuple[int, ...]
    lookback_days: float
    lookback_covered: float


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """An answer per method, without CUPED and, where the baseline has a lookback, with it."""

    metric: str
    name: str
    kind: Kind
    direction: Direction
    format: Format
    window_days: float
    asked: Asked
    terms: Terms
    counted: Counted
    outlooks: tuple[Outlook, ...]

    def outlook(self, method: Planned, *, cuped: bool) -> Outlook:
        return next(o for o in self.outlooks if (o.method, o.cuped) == (method, cuped))


class LiftCurve(msgspec.Struct, frozen=True, kw_only=True):
    """Outlooks of one test over lifts in their order."""

    method: Planned
    cuped: bool
    points: tuple[Outlook, ...]

    def at(self, lift: float) -> Outlook:
        """The point at a lift, or the one nearest to it."""
        return min(self.points, key=lambda p: abs((p.lift or 0.0) - lift))
