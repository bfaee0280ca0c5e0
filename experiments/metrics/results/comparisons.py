"""What a comparison of a treatment with the control says."""

from datetime import datetime
from typing import Literal

import msgspec

from experiments.metrics.guardrails import GuardrailState
from experiments.metrics.results.arms import ArmValue

Method = Literal["sequential", "fixed", "bayesian"]
Scale = Literal["relative", "absolute"]
Redrawing = Literal["bootstrap", "permutation"]
Reading = Literal["better", "worse", "no_call", "collecting", "not_due", "no_answer"]


class ComparisonResult(msgspec.Struct, frozen=True, kw_only=True):
    """Treatment against control by one method on one scale, at this look alone.

    `reason` is a value of experiments.stats.Reason; `collecting` and `control_mean_near_zero` come
    with the numbers there are. `df` is of the fixed method only, `p_value` of all but the bayesian,
    `chance_to_win` and `expected_loss` of the bayesian only: the chance of an effect above 0, and
    what choosing the treatment costs on average, on `scale` (see experiments.stats.Comparison).
    `e_value` is of the sequential method only. `cuped` says whether it is adjusted by what the
    users did before.
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
    e_value: float | None = None
    chance_to_win: float | None = None
    expected_loss: float | None = None


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a treatment and the control are from being judged, with the other treatments that
    take users in the same phases; the figures are those of the arm that lacks most.

    `precision` is (mean / standard error)^2, None where all users have the same value. Nothing is
    judged or coloured until `reached`, which takes every one of them.
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


class JudgedLook(msgspec.Struct, frozen=True, kw_only=True):
    """The look that counts: its p, and the absolute effect seen then.

    Of the sequential method it is the one of smallest p among the looks that could be judged; of
    the others the first that could be, as they are for one look. A look can be judged when every
    arm is past the floor and health holds, by a method of one look only once the planned users have
    come. A posterior has no p: it is twice its smaller tail.
    """

    p_value: float
    effect: float


class OneSided(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a guardrail: `bound` is the relative effect's bound at this look.

    `judged` is the p of the look that counts (see JudgedLook), and `p_value` that or else this
    look's.
    """

    p_value: float | None
    judged: float | None
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


class Redrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison by drawing users again, at one look, on the absolute scale.

    `low` and `high` are of the bootstrap alone. Of `drawn` resamples `dropped` had no spread left.
    """

    method: Redrawing
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    drawn: int = 0
    dropped: int = 0
    reason: str | None = None


class VariantComparison(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment against the control on one metric.

    `results` holds every method on both scales (bayesian only of a single phase), and with a
    lookback the same adjusted by CUPED. `p_value` is the one to show: that of the look that counts,
    or before there is one this look's; None of the bayesian method. `adjusted_p_value` is what the
    reading used: for goals after the correction over goals and treatments, else equal to `p_value`.
    `deciding` are this look's results of the deciding method, relative and absolute, with intervals
    at `confidence`: wider than the experiment's where the correction asks for it. `phase_weights`
    are what each phase counts for, None where it is left out, and `left_out` says why it is: one of
    experiments.stats.Reason, `not_in_phase` where the treatment takes no users. `against` is the
    control over the phases of the treatment, None where these are all phases. `redrawn` is an
    independent check of a goal, where the spec asks for one.
    """

    variant: str
    results: tuple[ComparisonResult, ...]
    judged: JudgedLook | None
    p_value: float | None
    adjusted_p_value: float | None
    floor: Floor
    reading: Reading
    guardrail: Guardrail | None = None
    phase_weights: tuple[float | None, ...] = ()
    left_out: tuple[str | None, ...] = ()
    against: ArmValue | None = None
    deciding: tuple[ComparisonResult, ...] = ()
    confidence: float = 0.95
    redrawn: tuple[Redrawn, ...] = ()

    def decided(self, scale: Scale) -> ComparisonResult:
        """The entry of `deciding` of a scale."""
        return next(result for result in self.deciding if result.scale == scale)

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
