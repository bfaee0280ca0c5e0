"""What a comparison of a treatment with the control says."""

from datetime import datetime
from typing import Literal

import msgspec

from experiments.metrics.guardrails import GuardrailState

Method = Literal["sequential", "fixed", "bayesian"]
Scale = Literal["relative", "absolute"]
Reading = Literal["better", "worse", "no_call", "collecting", "no_answer"]


class ComparisonResult(msgspec.Struct, frozen=True, kw_only=True):
    """Treatment against control by one method on one scale, at this look alone.

    `reason` is a value of experiments.stats.Reason; `collecting` and `control_mean_near_zero` come
    with the numbers there are. `df` is of the fixed method only, `p_value` of all but the bayesian,
    `chance_to_win` and `expected_loss` of the bayesian only: the chance of an effect above 0, and
    what choosing the treatment costs on average, on `scale` (see experiments.stats.Comparison).
    `cuped` says whether it is adjusted by what the users did before.
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
    cuped: bool = False
    chance_to_win: float | None = None
    expected_loss: float | None = None


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


class OneSided(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a guardrail: `bound` is the relative effect's always-valid bound at this look.

    `p_value` is the smallest sequential p over the looks that could be judged, else this look's.
    """

    p_value: float | None
    running: float | None
    bound: float | None
    reason: str | None


class Guardrail(msgspec.Struct, frozen=True, kw_only=True):
    """Two one-sided tests of a metric that must not get worse by more than `margin` (relative).

    `harm` is that it got worse at all; `safety` that it did not get worse by the margin. `state` is
    read from them (see guardrails): harm shown and safety not yet shown are different things.
    """

    margin: float
    harm: OneSided
    safety: OneSided
    state: GuardrailState


class VariantComparison(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment against the control on one metric.

    `results` holds every method on both scales (bayesian only of a single phase), and with a
    lookback the same adjusted by CUPED. `p_value` is the one to show: the running minimum of
    the sequential p, or before any look could be judged this look's. `adjusted_p_value` is what the
    reading used: for goals after Holm over goals and treatments, else equal to `p_value`.
    `phase_weights` are what each phase counts for, None where it is left out.
    """

    variant: str
    results: tuple[ComparisonResult, ...]
    running: RunningMinimum | None
    p_value: float | None
    adjusted_p_value: float | None
    floor: Floor
    reading: Reading
    guardrail: Guardrail | None = None
    phase_weights: tuple[float | None, ...] = ()

    def result(self, method: Method, scale: Scale, *, cuped: bool = False) -> ComparisonResult:
        """The entry of `results` for a method and a scale. Raises LookupError without one."""
        wanted = (method, scale, cuped)
        found = [r for r in self.results if (r.method, r.scale, r.cuped) == wanted]
        if not found:
            raise LookupError(f"no result for {wanted}")
        return found[0]


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
