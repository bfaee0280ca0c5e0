"""Power: the probability that the planned test rejects, the effect being what it is."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from experiments.stats.arrays import Array, Number, Numbers, accept, give, give_object, values
from experiments.stats.compare import interval_of, welch_df
from experiments.stats.critical import Student
from experiments.stats.exceptions import SampleError, SettingsError
from experiments.stats.planning.crossing import Boundary, unrejected
from experiments.stats.planning.design import Design
from experiments.stats.reasons import Reason, Reasons, first_reason
from experiments.stats.settings import Alternative

CERTAIN = 30.0
"""Expected z beyond which either tail is 0 or 1 to all digits."""

BARELY = -4.0
"""Expected z from which on a one-sided test rejects less than once in 10,000 experiments."""


@dataclass(frozen=True, kw_only=True)
class Power:
    """Floats for scalars, else arrays; NaN where a `reason` says that there is no answer.

    power   0..1. 0, with reason `collecting`, where an arm would still be below the floor
    """

    power: Number
    reason: Reasons


def power(design: Design, effect: Numbers, users: Numbers, *, tuning: float | None = None) -> Power:
    """Power by the time `users` (in all arms together) have come, for effects on settings.scale.

    Both may be arrays, which broadcast. Fixed: one look, at `users`. Sequential: any of the
    design's looks up to `users`. `tuning` is that of an experiment already launched, users of both
    compared arms; None plans one, whose tuning will be the users planned.
    Raises SampleError for effects or users that are not numbers, SettingsError for `tuning`.
    """
    effects, amounts = broadcast(effect, users)
    if tuning is not None and not tuning > 0:
        raise SettingsError("tuning", f"must be a number of users above 0, not {tuning!r}")
    found = design.unanswerable(effects)
    with np.errstate(all="ignore"):
        chance = rejection(design, effects, amounts, tuning)
        below = design.floor_users(effects) > amounts
    nowhere = np.any(list(found.values()), axis=0)
    reasons = first_reason(effects.shape, found | {Reason.COLLECTING: below})
    return Power(
        power=give(np.where(nowhere, np.nan, chance)), reason=give_object(np.asarray(reasons))
    )


def broadcast(effect: Numbers, users: Numbers) -> tuple[Array, Array]:
    """Both as float arrays of one shape, checked."""
    amounts = values(accept(users, field="users"))
    if not (amounts > 0).all():
        raise SampleError("users", "must be above 0")
    effects = values(accept(effect, field="effect"))
    try:
        shape = np.broadcast_shapes(effects.shape, amounts.shape)
    except ValueError:
        raise SampleError("users", "must have the shape of effect, or be one number") from None
    return np.broadcast_to(effects, shape), np.broadcast_to(amounts, shape)


def rejection(design: Design, effect: Array, users: Array, tuning: float | None) -> Array:
    """Probability of a rejection past the floor; 0 below it."""
    floor_share = design.floor_users(effect) / users
    if design.settings.method == "fixed":
        return np.where(floor_share <= 1, one_look(design, effect, users), 0.0)
    return many_looks(design, drift(design, effect, users), floor_share, users, tuning)


def drift(design: Design, effect: Array, users: Array) -> Array:
    """The expected z at `users`: the test's own z, of the true means and standard errors."""
    arms = design.truth(effect, users)
    return interval_of(arms, np.ones_like(effect), design.settings).z


def one_look(design: Design, effect: Array, users: Array) -> Array:
    """Noncentral t with Welch's degrees of freedom, both of the true variances."""
    z = drift(design, effect, users)
    control_share, treatment_share = design.shares
    df = welch_df(design.truth(effect, users), users * control_share, users * treatment_share)
    alternative = design.settings.alternative
    critical = Student(df=df, alpha=design.level, alternative=alternative).critical()
    upper = below(-critical, df, -z)
    lower = below(-critical, df, z)
    return np.asarray({"two-sided": upper + lower, "greater": upper, "less": lower}[alternative])


def below(x: Array, df: Array, centre: Array) -> Array:
    """P(T <= x < 0) of a noncentral t; SciPy's gives NaN instead of next to nothing far out."""
    chance = special.nctdtr(df, np.clip(centre, -CERTAIN, CERTAIN), x)
    return np.where((centre > 0) & np.isnan(chance), 0.0, chance)


def many_looks(
    design: Design, z: Array, floor_share: Array, users: Array, tuning: float | None
) -> Array:
    """Crossing probabilities, by as many recursions as there are different boundaries."""
    looks = design.looks
    skipped = np.where(floor_share <= 1, np.ceil(floor_share * looks) - 1, looks)
    skipped = np.where(np.isnan(floor_share), looks, skipped)
    ratio = np.ones_like(users) if tuning is None else users * sum(design.shares) / tuning
    chance = np.zeros_like(users)
    expected = rejecting(design.settings.alternative, z)
    for first, size in {*zip(skipped.ravel(), ratio.ravel(), strict=True)}:
        if first < looks:
            here = (skipped == first) & (ratio == size)
            chance[here] = unrejected(boundary(design, int(first), size)).crossing(expected[here])
    return chance


def rejecting(alternative: Alternative, z: Array) -> Array:
    """The drift as seen from the side that rejects, within what the recursion can carry."""
    if alternative == "two-sided":
        return np.minimum(np.abs(z), CERTAIN)
    return np.clip(z if alternative == "greater" else -z, BARELY, CERTAIN)


def boundary(design: Design, skipped: int, ratio: float) -> Boundary:
    """The boundary of this design with so many looks below the floor."""
    return Boundary(
        looks=design.looks,
        skipped=skipped,
        ratio=float(ratio),
        alpha=design.settings.alpha,
        level=design.level,
        two_sided=design.settings.alternative == "two-sided",
    )
