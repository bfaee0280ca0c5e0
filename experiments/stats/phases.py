"""One comparison out of several phases, each with a ratio of arms of its own.

Users belong to the phase of their first exposure, so phases hold disjoint users. Pooling phases of
different ratios compares different mixes of days. Here each phase is compared within itself, and
the phases are averaged with the same weights in both arms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.stats.arrays import Array, Bools
from experiments.stats.compare import ALWAYS_VALID, common_shape, judge
from experiments.stats.comparison import Comparison
from experiments.stats.critical import boundary
from experiments.stats.exceptions import SampleError, SettingsError
from experiments.stats.phase_arms import stack, weighted
from experiments.stats.reasons import Reason, first_reason
from experiments.stats.samples import Sample
from experiments.stats.settings import Settings, require_settings

Weighting = Literal["inverse_variance", "users"]


@dataclass(frozen=True, kw_only=True)
class PhasesComparison:
    """Phases are the first axis of `weights` and `left_out`, the samples' shape follows.

    combined   the comparison over the phases that count
    weights    0..1, each phase's share of both arms' means; 0 where it is left out; NaN where all
               are, and `combined` then holds no number
    left_out   why a phase does not count; None where it does
    """

    combined: Comparison
    weights: Array
    left_out: NDArray[Any]


def compare_phases(
    controls: Sequence[Sample],
    treatments: Sequence[Sample],
    settings: Settings = ALWAYS_VALID,
    weighting: Weighting = "inverse_variance",
    absent: ArrayLike = False,
) -> PhasesComparison:
    """Compare a treatment with a control over phases of disjoint users, in order of time.

    `inverse_variance` weighs a phase by its precision, had the treatment no effect; `users` by the
    users of both arms, for an effect that may differ between phases. A phase in which an arm has
    under 100 users, or both arms together a precision under 25, is left out: it could not be
    weighed. `absent` says where the treatment takes no users in a phase, by plan: phases first,
    then the samples' shape, or what broadcasts to it. What its sample holds there does not count.
    Raises SampleError where the samples do not fit, SettingsError for the weighting, and for the
    bayesian method, whose prior on an arm's share has no meaning over several phases.
    """
    require_settings(settings)
    if settings.method == "bayesian":
        raise SettingsError("method", "must be sequential or fixed to combine phases")
    shape = phases_shape(controls, treatments)
    if weighting not in get_args(Weighting):
        allowed = ", ".join(get_args(Weighting))
        raise SettingsError("weighting", f"must be one of {allowed}, not {weighting!r}")
    nowhere = absences(absent, (len(controls), *shape))
    with np.errstate(all="ignore"):
        phases = stack(controls, treatments, shape)
        obstacles = phases.obstacles() | {Reason.NOT_IN_PHASE: nowhere}
        left_out = first_reason(nowhere.shape, obstacles)
        counted = np.asarray(left_out == None, dtype=bool)  # noqa: E711
        raw = phases.users if weighting == "users" else 1 / phases.null_error
        raw = np.where(counted, raw, 0.0)
        weights = raw / raw.sum(axis=0)
        limits = boundary(
            settings,
            users=phases.equal_users(raw, counted),
            df=phases.welch_df(weights, counted),
        )
        found = without_phases(left_out, counted)
        for reason, where in phases.unanswerable(weights, counted).items():
            found[reason] |= where
        combined = judge(weighted(phases.arms, weights, counted), limits, found, settings)
    return PhasesComparison(combined=combined, weights=weights, left_out=left_out)


def phases_shape(controls: Sequence[Sample], treatments: Sequence[Sample]) -> tuple[int, ...]:
    """The shape of the result."""
    if not controls:
        raise SampleError("controls", "needs at least one phase")
    if len(treatments) != len(controls):
        raise SampleError("treatments", "must have one sample for each phase in controls")
    if len({type(sample) for sample in controls}) > 1:
        raise SampleError("controls", "must be of one kind in all phases")
    given = [common_shape(*arms) for arms in zip(controls, treatments, strict=True)]
    try:
        return np.broadcast_shapes(*given)
    except ValueError:
        raise SampleError("controls", f"must have one shape in all phases, got {given}") from None


def absences(absent: ArrayLike, shape: tuple[int, ...]) -> Bools:
    """`absent` of the shape of phases and samples."""
    given = np.asarray(absent, dtype=bool)
    try:
        return np.broadcast_to(given, shape)
    except ValueError:
        told = f"must have phases first, then the samples' shape {shape[1:]}, got {given.shape}"
        raise SampleError("absent", told) from None


def without_phases(left_out: NDArray[Any], counted: Bools) -> dict[Reason, Bools]:
    """Where no phase counts: the reason of the phase that is nearest to counting."""
    order = list(Reason)
    nearest = np.full(counted.shape[1:], -1)
    for rank, reason in enumerate(order):
        nearest = np.where((left_out == reason).any(axis=0), rank, nearest)
    none = ~counted.any(axis=0)
    return {reason: none & (nearest == rank) for rank, reason in enumerate(order)}
