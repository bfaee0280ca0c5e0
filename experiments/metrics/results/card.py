"""The scorecard: everything known about an experiment at a time."""

from datetime import datetime

import msgspec

from experiments.metrics.definitions import Direction, Kind
from experiments.metrics.results.arms import Arm, ArmValue, ExposurePoint, PhaseSeries, SeriesPoint
from experiments.metrics.results.breakdown import Breakdown
from experiments.metrics.results.comparisons import (
    ComparisonResult,
    Floor,
    LiftPoint,
    Method,
    VariantComparison,
)
from experiments.metrics.results.decisions import Verdict
from experiments.metrics.results.descriptive import Described
from experiments.metrics.results.health import Check, Overlap
from experiments.metrics.results.spread import Spread, Uncapped
from experiments.metrics.spec import Correction, Role, TrainingData


class SegmentComparison(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment against the control among the users of a segment, at this look alone.

    There are many segments: one of them differing is no finding by itself. Snapshots from before
    floors of segments have none.
    """

    variant: str
    results: tuple[ComparisonResult, ...]
    floor: Floor | None = None


class SegmentResult(msgspec.Struct, frozen=True, kw_only=True):
    """A metric among users of one value of an attribute at first exposure, None: without it.

    `rest` are the users of all values rarer than those shown.
    """

    attribute: str
    value: str | None
    rest: bool
    values: tuple[ArmValue, ...]
    comparisons: tuple[SegmentComparison, ...]


class HeterogeneityResult(msgspec.Struct, frozen=True, kw_only=True):
    """Does the effect of a treatment differ between the segments of an attribute? One test over all
    of them, of this look; absolute effects. Without a p there is a `reason`.
    """

    attribute: str
    variant: str
    p_value: float | None
    segments: int
    reason: str | None


class MetricResult(msgspec.Struct, frozen=True, kw_only=True):
    """One metric over all variants: values control first, one comparison per treatment.

    `counts` says in words what is counted; `fingerprint` changes with the definition. `immature`
    are per variant the users whose window has not passed, who are not in the numbers. `caps` are
    the totals at which users are cut off, numerator first, None where nothing is; `uncapped` is
    then what comparing says without. `spread` is how users are spread over the values.
    """

    metric: str
    name: str
    kind: Kind
    direction: Direction
    format: str
    primary: bool
    values: tuple[ArmValue, ...]
    comparisons: tuple[VariantComparison, ...]
    role: Role = "secondary"
    required: bool = True
    currency: str | None = None
    counts: str = ""
    fingerprint: str = ""
    immature: tuple[int, ...] = ()
    caps: tuple[float | None, ...] = ()
    segments: tuple[SegmentResult, ...] = ()
    heterogeneity: tuple[HeterogeneityResult, ...] = ()
    spread: Spread | None = None
    uncapped: tuple[Uncapped, ...] = ()

    def comparison(self, variant: str) -> VariantComparison:
        """Of one treatment. Raises KeyError for another variant."""
        found = next((c for c in self.comparisons if c.variant == variant), None)
        if found is None:
            raise KeyError(variant)
        return found


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many users of the phase a rule for bots and staff left out, all variants together.

    `rule` says in words who they are; `fingerprint` changes with the rule.
    """

    rule: str
    fingerprint: str
    users: int


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """What was not counted: exposures to a forced variant, users seen in two variants, those first
    seen in an arm that takes no users in the phase, and those whom a rule left out: under the first
    rule that applies, and under nothing else.
    """

    exposures_forced: int
    users_in_two_variants: int
    left_out: tuple[LeftOut, ...] = ()
    users_in_absent_arms: int = 0


class PhaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """A phase that was analysed: users first exposed in it, per variant. A weight is 0 where the
    variant takes no users there.
    """

    number: int
    started_at: datetime
    weights: tuple[float, ...]
    users: tuple[int, ...]


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about an experiment at `as_of`.

    `decision` is about the whole, `decisions` about each treatment. `phase` is the newest of those
    analysed, and `started_at` the start of the first. `cuped` says that the comparisons adjusted by
    the `lookback_days` before first exposure are what decides. `overlaps` are at most 20: those
    that failed, then those with most users. `series` and `lifts` are by metric, over all phases;
    `phase_series` are those of each phase, where there are several.
    """

    experiment: str
    phase: int
    started_at: datetime
    as_of: datetime
    period_seconds: int
    control: str
    primary: str
    confidence: float
    tuning: float
    method: Method
    correction: Correction
    training_data: TrainingData
    arms: tuple[Arm, ...]
    set_aside: SetAside
    health: tuple[Check, ...]
    metrics: tuple[MetricResult, ...]
    series: dict[str, tuple[SeriesPoint, ...]]
    lifts: dict[str, tuple[LiftPoint, ...]]
    exposures: tuple[ExposurePoint, ...]
    decision: Verdict
    decisions: tuple[Verdict, ...]
    phases: tuple[PhaseResult, ...] = ()
    lookback_days: float = 0.0
    cuped: bool = False
    described: tuple[Described, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    phase_series: dict[str, tuple[PhaseSeries, ...]] = {}
    breakdown: Breakdown | None = None

    @property
    def failed_checks(self) -> tuple[Check, ...]:
        return tuple(check for check in self.health if check.healthy is False)

    def phases_of(self, variant: str) -> tuple[PhaseResult, ...]:
        """The phases in which the variant takes users."""
        place = [arm.variant for arm in self.arms].index(variant)
        return tuple(phase for phase in self.phases if phase.weights[place] > 0)

    def is_taken_out(self, variant: str) -> bool:
        """Whether the variant takes no users any more."""
        return bool(self.phases) and self.phases[-1] not in self.phases_of(variant)

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
