"""Power turned round: how many users for an effect, and which effect for so many users."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiments.stats.arrays import (
    Array,
    Bools,
    Number,
    Numbers,
    accept,
    give,
    give_object,
    values,
)
from experiments.stats.exceptions import SettingsError
from experiments.stats.intervals import ratio_error
from experiments.stats.planning.design import Design
from experiments.stats.planning.power import broadcast, rejection
from experiments.stats.reasons import Reason, Reasons, first_reason

FEWEST_USERS, MOST_USERS = 2.0, 1e12
HALVINGS = 60
STEPS = np.concatenate([[0.0], np.geomspace(1e-3, 100.0, 400)])
"""Distances from the null at which an effect is looked for, in standard errors."""


@dataclass(frozen=True, kw_only=True)
class SampleSize:
    """Whole users, as floats; NaN where a `reason` says that there is no answer.

    users       in all arms together
    control     of them
    treatment   of them, in the smallest treatment
    tuning      control and treatment together: what to launch a sequential test with
    """

    users: Number
    control: Number
    treatment: Number
    tuning: Number
    reason: Reasons


@dataclass(frozen=True, kw_only=True)
class DetectableEffect:
    """The effect nearest to the null that has the power, on settings.scale; NaN with a `reason`."""

    effect: Number
    reason: Reasons


def sample_size(design: Design, effect: Numbers, *, power: float = 0.8) -> SampleSize:
    """The fewest users who give `power` against `effect` (number or array), past the floor.

    Raises SettingsError for a power that is not above the test's level and below 1.
    """
    check_power(design, power)
    effects = values(accept(effect, field="effect"))
    found = design.unanswerable(effects)

    def enough(log_users: Array) -> Bools:
        return rejection(design, effects, np.exp(log_users), None) >= power

    with np.errstate(all="ignore"):
        most = np.full(effects.shape, np.log(MOST_USERS))
        found[Reason.UNREACHABLE_POWER] = ~enough(most)
        users = np.ceil(np.exp(first(enough, np.full_like(most, np.log(FEWEST_USERS)), most)))
    users = np.where(np.any(list(found.values()), axis=0), np.nan, users)
    control, treatment = (np.ceil(users * share) for share in design.shares)
    return SampleSize(
        users=give(users),
        control=give(control),
        treatment=give(treatment),
        tuning=give(control + treatment),
        reason=give_object(first_reason(effects.shape, found)),
    )


def minimum_detectable_effect(
    design: Design, users: Numbers, *, power: float = 0.8, tuning: float | None = None
) -> DetectableEffect:
    """The smallest effect that `users` (number or array, all arms together) find with `power`.

    Looked for above the null, below it for the alternative `less`; with a margin the null is the
    margin's end, and the answer may be a loss, or nothing. `tuning` as in `power`.
    Raises SettingsError for a power that is not above the test's level and below 1.
    """
    check_power(design, power)
    null, amounts = broadcast(design.settings.null, users)
    found = design.unanswerable(null)
    found.pop(Reason.IMPOSSIBLE_EFFECT, None)
    with np.errstate(all="ignore"):
        unit = standard_error(design, amounts)

        def enough(steps: Array) -> Bools:
            extra = (...,) + (None,) * (steps.ndim - amounts.ndim)
            effects = null[extra] + steps * unit[extra]
            reach = np.broadcast_to(amounts[extra], effects.shape)
            return rejection(design, effects, reach, tuning) >= power

        hits = enough(np.broadcast_to(STEPS, (*amounts.shape, len(STEPS))))
        found[Reason.UNREACHABLE_POWER] = np.asarray(~hits.any(axis=-1))
        at = np.maximum(hits.argmax(axis=-1), 1)
        effect = null + unit * first(enough, STEPS[at - 1], STEPS[at])
    nowhere = np.any(list(found.values()), axis=0)
    return DetectableEffect(
        effect=give(np.where(nowhere, np.nan, effect)),
        reason=give_object(first_reason(amounts.shape, found)),
    )


def standard_error(design: Design, users: Array) -> Array:
    """Of the effect, at the baseline; negative for the alternative `less`."""
    arms = design.truth(np.zeros_like(users), users)
    relative = design.settings.scale == "relative"
    error = ratio_error(arms) if relative else np.sqrt(arms.difference_error)
    return -error if design.settings.alternative == "less" else error


def first(enough: Callable[[Array], Bools], low: Array, high: Array) -> Array:
    """The least place between `low`, which is not enough, and `high`, which is, by halving."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        good = enough(middle)
        low, high = np.where(good, low, middle), np.where(good, middle, high)
    return high


def check_power(design: Design, power: float) -> None:
    """A test has at least its level as power, and never quite 1."""
    if not design.level < power < 1:
        raise SettingsError("power", f"must lie between {design.level:g} and 1, not {power!r}")
