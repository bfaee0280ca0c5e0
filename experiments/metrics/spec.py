"""What to analyse: one phase of one experiment, with everything that decides the outcome."""

from datetime import datetime

import msgspec

from experiments.metrics.definitions import metric_named
from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.exclusions import DEFAULT, Exclusion


class ScorecardSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One phase of an experiment at a time.

    `variants` begins with `control`; `weights` are their traffic in the same order, in any unit.
    `started_at` is the start of the phase and `as_of` the last instant counted, both with a zone.
    `exclusions` say who is left out, see there; a user counts under the first that applies.
    `tuning` is the planned number of users in both arms of a comparison, frozen at launch.
    Raises InvalidSpec or UnknownMetric on construction.
    """

    experiment: str
    phase: int
    control: str
    variants: tuple[str, ...]
    weights: tuple[float, ...]
    started_at: datetime
    as_of: datetime
    primary: str
    metrics: tuple[str, ...]
    tuning: float
    confidence: float = 0.95
    exclusions: tuple[Exclusion, ...] = DEFAULT

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise InvalidSpec(problem)
        for key in self.metrics:
            metric_named(key)

    @property
    def treatments(self) -> tuple[str, ...]:
        return self.variants[1:]

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights as fractions that sum to 1."""
        whole = sum(self.weights)
        return tuple(weight / whole for weight in self.weights)


def _problems(spec: ScorecardSpec) -> list[str]:
    return [
        problem
        for wrong, problem in (
            (spec.variants[:1] != (spec.control,), "variants must begin with the control."),
            (len(spec.variants) < 2, "variants needs a control and at least one treatment."),
            (len(set(spec.variants)) < len(spec.variants), "variants names one variant twice."),
            (len(spec.weights) != len(spec.variants), "weights needs one figure per variant."),
            (any(not weight > 0 for weight in spec.weights), "weights must all be above 0."),
            (spec.primary not in spec.metrics, "metrics must include the primary metric."),
            (len(set(spec.metrics)) < len(spec.metrics), "metrics names one metric twice."),
            (not spec.tuning > 0, "tuning must be above 0: it is the planned number of users."),
            (not 0.5 < spec.confidence < 1, "confidence must lie between 0.5 and 1."),
            (spec.started_at.tzinfo is None, "started_at needs a time zone."),
            (spec.as_of.tzinfo is None, "as_of needs a time zone."),
        )
        if wrong
    ]
