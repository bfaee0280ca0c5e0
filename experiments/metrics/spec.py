"""What to analyse: an experiment's phases and metrics, with everything that decides the outcome."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.exclusions import DEFAULT, Exclusion
from experiments.metrics.measures import MOST_DAYS
from experiments.stats.settings import Method

Role = Literal["goal", "secondary", "guardrail"]
Correction = Literal["holm", "e_bh", "none"]
TrainingData = Literal["own_arm", "frozen", "shared"]

FEWEST_RESAMPLES, MOST_RESAMPLES = 200, 100_000


class PhaseSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of fixed arms and fixed ratio.

    `weights` are the variants' traffic, in any unit: 0 of a treatment that takes no users there,
    because it was added later, was killed or was taken out.
    """

    number: int
    started_at: datetime
    weights: tuple[float, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights as fractions that sum to 1."""
        whole = sum(self.weights)
        return tuple(weight / whole for weight in self.weights)


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of an experiment, and what it is there for.

    Goals decide, and are corrected together. A guardrail must not get worse by more than `margin`,
    a fraction of the control's value. One that is not `required` is watched: its harm is said,
    and it decides nothing.
    """

    metric: Metric
    role: Role = "secondary"
    margin: float | None = None
    required: bool = True

    def __post_init__(self) -> None:
        if (self.role == "guardrail") != (self.margin is not None):
            raise InvalidSpec(f"margin of {self.metric.key}: a guardrail, and only one, has one.")
        if self.margin is not None and not 0 < self.margin < 1:
            raise InvalidSpec(f"margin of {self.metric.key} must lie above 0 and below 1.")


class ScorecardSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment at a time.

    `variants` begins with `control`. `phases` are in order of time; users first exposed in another
    do not count. The control takes users in every phase, a treatment in one at least. `as_of` is
    the last instant counted. The first goal of `metrics` is the primary one. `exclusions` say who
    is left out, see there; a user counts under the first that applies. `tuning` is the planned
    number of users in both arms of a comparison, frozen at launch. `method` is the one that
    decides: a `fixed` and a `bayesian` one do once the planned users have come. `correction` is
    over goals and treatments; e-BH needs the sequential method, and a posterior is not corrected.
    Of `training_data` `shared`, nothing is decided automatically. `lookback_days` before a user's
    first exposure are the pre-period of CUPED, 0 for none; with `cuped` the adjusted comparison
    decides. `segments` names attributes to cut by. `series` asks for every as-of time and not the
    last alone, `described` for figures of the slates, `distributions` for how users are spread over
    the values of a metric and for comparisons without caps. `resamples` asks for a second judgement
    of the goals, by drawing users again so often. Raises InvalidSpec on construction.
    """

    experiment: str
    control: str
    variants: tuple[str, ...]
    phases: tuple[PhaseSpec, ...]
    as_of: datetime
    metrics: tuple[Tracked, ...]
    tuning: float
    method: Method = "sequential"
    confidence: float = 0.95
    correction: Correction = "holm"
    training_data: TrainingData = "own_arm"
    exclusions: tuple[Exclusion, ...] = DEFAULT
    lookback_days: float = 0.0
    cuped: bool = False
    segments: tuple[str, ...] = ()
    series: bool = False
    described: bool = False
    distributions: bool = False
    resamples: int = 0

    def __post_init__(self) -> None:
        for problem, wrong in (*_arm_faults(self), *_phase_faults(self), *_other_faults(self)):
            if wrong:
                raise InvalidSpec(problem)

    @property
    def treatments(self) -> tuple[str, ...]:
        return self.variants[1:]

    @property
    def phase(self) -> PhaseSpec:
        """The newest."""
        return self.phases[-1]

    @property
    def started_at(self) -> datetime:
        return self.phases[0].started_at

    @property
    def primary(self) -> str:
        """The key of the metric that the verdict is about."""
        return self.goals[0].metric.key

    @property
    def goals(self) -> tuple[Tracked, ...]:
        return tuple(tracked for tracked in self.metrics if tracked.role == "goal")

    @property
    def corrected(self) -> Correction:
        """The correction that is made: none of a single comparison, and none of posteriors."""
        alone = len(self.goals) * len(self.treatments) == 1
        return "none" if alone or self.method == "bayesian" else self.correction

    @property
    def lookback(self) -> int:
        """Seconds of the pre-period."""
        return round(self.lookback_days * 86_400)

    def until(self, phase: PhaseSpec) -> datetime:
        """When the phase ended: where the next begins, or at as_of."""
        later = self.phases[self.phases.index(phase) + 1 :]
        return min(later[0].started_at, self.as_of) if later else self.as_of


Faults = Iterable[tuple[str, bool]]


def _arm_faults(spec: ScorecardSpec) -> Faults:
    one_each = all(len(phase.weights) == len(spec.variants) for phase in spec.phases)
    weights = [weight for phase in spec.phases for weight in phase.weights]
    return (
        ("variants must begin with the control.", spec.variants[:1] != (spec.control,)),
        ("variants needs a control and at least one treatment.", len(spec.variants) < 2),
        ("variants names one variant twice.", len(set(spec.variants)) < len(spec.variants)),
        ("weights needs one figure per variant.", not one_each),
        ("weights must be finite and not negative.", not all(0 <= w < math.inf for w in weights)),
        (
            "weights of the control must be above 0 in every phase: all are compared with it.",
            one_each and not all(phase.weights[0] > 0 for phase in spec.phases),
        ),
        (
            "weights of every treatment must be above 0 in some phase.",
            one_each and not all(map(any, zip(*(p.weights for p in spec.phases), strict=True))),
        ),
    )


def _phase_faults(spec: ScorecardSpec) -> Faults:
    zoned = all(phase.started_at.tzinfo for phase in spec.phases)
    order = [phase.number for phase in spec.phases]
    times = [phase.started_at for phase in spec.phases] if zoned else []
    return (
        ("phases needs at least one phase.", not spec.phases),
        ("phases must be in order, each number once.", order != sorted(set(order))),
        ("started_at needs a time zone.", not zoned),
        ("phases must start one after the other.", times != sorted(times)),
        ("as_of needs a time zone.", spec.as_of.tzinfo is None),
    )


def _other_faults(spec: ScorecardSpec) -> Faults:
    keys = [tracked.metric.key for tracked in spec.metrics]
    lookback = spec.lookback_days
    return (
        ("metrics must include a goal: it is what the verdict is about.", not spec.goals),
        ("metrics names one metric twice.", len(set(keys)) < len(keys)),
        (
            "tuning must be above 0 and finite: it is the planned users.",
            not 0 < spec.tuning < math.inf,
        ),
        ("confidence must lie between 0.5 and 1.", not 0.5 < spec.confidence < 1),
        (
            "correction e_bh needs method sequential: others have no e-value.",
            spec.correction == "e_bh" and spec.method != "sequential",
        ),
        (
            "method bayesian needs a single phase: posteriors of several are not combined.",
            spec.method == "bayesian" and len(spec.phases) > 1,
        ),
        (f"lookback_days must be 0 to {MOST_DAYS:,} days.", not 0 <= lookback <= MOST_DAYS),
        ("cuped needs lookback_days above 0.", spec.cuped and not lookback > 0),
        (
            f"resamples must be 0, or from {FEWEST_RESAMPLES} to {MOST_RESAMPLES:,}.",
            spec.resamples != 0 and not FEWEST_RESAMPLES <= spec.resamples <= MOST_RESAMPLES,
        ),
        (
            "resamples needs a single phase: users of several are not drawn together.",
            spec.resamples != 0 and len(spec.phases) > 1,
        ),
        ("segments names one attribute twice.", len(set(spec.segments)) < len(spec.segments)),
    )
