"""What an analysis says about one phase of an experiment, as values a snapshot can hold.

Every type is frozen and survives JSON. JSON knows neither NaN nor infinity, so:

- a number that does not exist is `None`, and a `reason` beside it says why;
- of an interval, `low` and `high` both `None` means there is no interval; one end `None` beside a
  number means the interval is open at that end (reason `control_mean_near_zero`).

Times are UTC. Proportions and relative effects are fractions: `0.05` is 5%.
"""

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal["proportion", "mean", "ratio"]
Direction = Literal["increase", "decrease"]
Method = Literal["sequential", "fixed"]
Scale = Literal["relative", "absolute"]
Reading = Literal["better", "worse", "no_call", "collecting", "no_answer"]
State = Literal["collecting", "unhealthy", "no_call", "better", "worse"]


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One variant's volume. `weight` is its configured share of the phase's traffic, 0..1."""

    variant: str
    weight: float
    users: int
    impressions: int
    clicks: int


class CheckFigure(msgspec.Struct, frozen=True, kw_only=True):
    """Users counted in one variant, and how many were to be expected there."""

    variant: str
    observed: int
    expected: float


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One health check. `healthy` is None while there is too little to check, with a `reason`.

    `name` is `sample_ratio`, `users_in_two_variants` or `users_left_out`; `detail` is one plain
    sentence. Where there is no p, `reason` says why: `too_few_users`, or `no_such_users` (healthy:
    nobody to test).
    """

    name: str
    healthy: bool | None
    p_value: float | None
    reason: str | None
    detail: str
    figures: tuple[CheckFigure, ...]


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


class ComparisonResult(msgspec.Struct, frozen=True, kw_only=True):
    """Treatment against control by one method on one scale, at this look alone.

    `reason` is a value of experiments.stats.Reason; `collecting` and `control_mean_near_zero` come
    with the numbers there are. `df` is None for the sequential method, which has none.
    """

    method: Method
    scale: Scale
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    std_error: float | None
    df: float | None
    reason: str | None


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """How far the arms are from being judged; the figures are those of the arm that lacks most.

    `precision` is (mean / standard error)^2, None where all users have the same value. Nothing is
    judged or coloured until `reached`, which takes every arm.
    """

    reached: bool
    variant: str
    users: int
    users_needed: int
    precision: float | None
    precision_needed: float

    @property
    def users_missing(self) -> int:
        return max(self.users_needed - self.users, 0)

    @property
    def precision_missing(self) -> float:
        if self.precision is None:
            return 0.0
        return max(self.precision_needed - self.precision, 0.0)


class RunningMinimum(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest sequential p over the looks that could be judged, and the effect seen then.

    A look can be judged when every arm is past the floor and health holds. The effect is absolute.
    """

    p_value: float
    effect: float


class VariantComparison(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment against the control on one metric.

    `results` holds sequential and fixed, relative and absolute: four entries. `p_value` is the one
    to show: the running minimum of the sequential p, or before any look could be judged this
    look's. `adjusted_p_value` is what the reading used: after Holm over the treatments on the
    primary metric, else equal to `p_value`.
    """

    variant: str
    results: tuple[ComparisonResult, ...]
    running: RunningMinimum | None
    p_value: float | None
    adjusted_p_value: float | None
    floor: Floor
    reading: Reading

    def result(self, method: Method, scale: Scale) -> ComparisonResult:
        """The entry of `results` for a method and a scale."""
        return next(r for r in self.results if r.method == method and r.scale == scale)


class MetricResult(msgspec.Struct, frozen=True, kw_only=True):
    """One metric over all variants: values control first, one comparison per treatment."""

    metric: str
    name: str
    kind: Kind
    direction: Direction
    format: str
    primary: bool
    values: tuple[ArmValue, ...]
    comparisons: tuple[VariantComparison, ...]


class SeriesPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A metric in one variant from the start up to `as_of`, with that arm's one-look interval."""

    as_of: datetime
    variant: str
    users: int
    value: float | None
    low: float | None
    high: float | None


class LiftPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Relative effect of a treatment from the start up to `as_of`, with its always-valid interval.

    `judged` says whether every arm was past the floor by then.
    """

    as_of: datetime
    variant: str
    effect: float | None
    low: float | None
    high: float | None
    judged: bool


class ExposurePoint(msgspec.Struct, frozen=True, kw_only=True):
    """Users first seen in the period that ends at `as_of`, and all users seen by then."""

    as_of: datetime
    variant: str
    new_users: int
    users: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the sentence at the top of the page.

    `variant` is the treatment the sentence is about, None when unhealthy or collecting. effect,
    low and high are relative and always-valid; `p_value` is the adjusted one. `failed_checks`
    names what broke when unhealthy; `floor` says what is missing when collecting.
    """

    state: State
    metric: str
    variant: str | None
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    failed_checks: tuple[str, ...]
    floor: Floor | None


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many users of the phase a rule for bots and staff left out, all variants together.

    `rule` says in words who they are; `fingerprint` changes with the rule.
    """

    rule: str
    fingerprint: str
    users: int


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """What was not counted: exposures to a forced variant, users seen in two variants, and those
    whom a rule left out: under the first rule that applies, and under nothing else.
    """

    exposures_forced: int
    users_in_two_variants: int
    left_out: tuple[LeftOut, ...] = ()


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one phase of an experiment at `as_of`."""

    experiment: str
    phase: int
    started_at: datetime
    as_of: datetime
    period_seconds: int
    control: str
    primary: str
    confidence: float
    tuning: float
    correction: Literal["holm", "none"]
    arms: tuple[Arm, ...]
    set_aside: SetAside
    health: tuple[Check, ...]
    metrics: tuple[MetricResult, ...]
    series: dict[str, tuple[SeriesPoint, ...]]
    lifts: dict[str, tuple[LiftPoint, ...]]
    exposures: tuple[ExposurePoint, ...]
    verdict: Verdict

    def metric(self, key: str) -> MetricResult:
        """The result of one metric. Raises KeyError when the scorecard does not hold it."""
        found = next((m for m in self.metrics if m.metric == key), None)
        if found is None:
            raise KeyError(key)
        return found


def encode(scorecard: Scorecard) -> bytes:
    """The scorecard as JSON."""
    return msgspec.json.encode(scorecard)


def decode(document: bytes | str) -> Scorecard:
    """The scorecard a JSON document holds. Raises msgspec.DecodeError for any other document."""
    return msgspec.json.decode(document, type=Scorecard)
