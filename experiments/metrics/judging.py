"""From numbers to words: the floor, the look that counts, and readings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.definitions import Direction
from experiments.metrics.numbers import number
from experiments.metrics.results import (
    Check,
    Floor,
    JudgedLook,
    Method,
    Reading,
)
from experiments.metrics.samples import Plain, part, whole
from experiments.stats import PRECISION_NEEDED, floor


def floor_over_arms(sample: Plain, variants: tuple[str, ...], users_needed: int) -> Floor:
    """The floor of a metric at the last as-of time: of all arms, the one that lacks most."""
    arms = floor(sample)
    users, precision = np.asarray(arms.users)[:, -1], np.asarray(arms.precision)[:, -1]
    lacking = np.maximum(
        np.maximum(users_needed - users, 0) / users_needed,
        np.asarray(arms.precision_missing)[:, -1] / PRECISION_NEEDED,
    )
    worst = int(lacking.argmax())
    return Floor(
        reached=not lacking.any(),
        variant=variants[worst],
        users=int(users[worst]),
        users_needed=users_needed,
        precision=number(precision[worst]),
        precision_needed=PRECISION_NEEDED,
    )


def reached(sample: Plain, users_needed: int) -> NDArray[np.bool_]:
    """At which as-of times every arm is past the floor."""
    arms = floor(sample)
    enough = np.asarray(arms.users) >= users_needed
    return np.asarray((enough & (np.asarray(arms.precision_missing) == 0)).all(axis=0))


def reached_if_alike(sample: Plain, users_needed: int) -> NDArray[np.bool_]:
    """At which as-of times control and treatment would be past the floor, had both the rate of the
    two together; one row per treatment.

    For the test of harm. A control in which nothing went wrong has a mean of zero and is never past
    the floor itself; so it would hide every harm.
    """
    treatments = range(1, len(np.asarray(sample.users)))
    return np.stack([_pair_reached(part(sample, [0, i]), users_needed) for i in treatments])


def _pair_reached(pair: Plain, users_needed: int) -> NDArray[np.bool_]:
    arms, both = np.asarray(pair.users), whole(pair)
    mean, variance = np.asarray(both.mean), np.asarray(both.variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        precise = mean**2 * arms >= PRECISION_NEEDED * variance
    return np.asarray(((arms >= users_needed) & precise).all(axis=0))


def is_healthy(checks: Sequence[Check]) -> bool:
    """Whether no check failed; one with too little to go by has not."""
    return all(check.healthy is not False for check in checks)


Looks = Sequence[tuple[float | None, float | None]]
"""Of each look that can be judged, in order of time, p and effect."""


def look_that_counts(method: Method, before: JudgedLook | None, looks: Looks) -> JudgedLook | None:
    """Out of the looks and the one that counted before; see JudgedLook."""
    return running_minimum(before, looks) if method == "sequential" else before or first(looks)


def running_minimum(before: JudgedLook | None, looks: Looks) -> JudgedLook | None:
    """The smallest p of the looks and of those before; of equals the first."""
    least = before
    for p_value, effect in looks:
        if (
            p_value is not None
            and effect is not None
            and (least is None or p_value < least.p_value)
        ):
            least = JudgedLook(p_value=p_value, effect=effect)
    return least


def first(looks: Looks) -> JudgedLook | None:
    """The first look with an answer."""
    for p_value, effect in looks:
        if p_value is not None and effect is not None:
            return JudgedLook(p_value=p_value, effect=effect)
    return None


@dataclass(frozen=True, kw_only=True)
class Judge:
    """What a reading needs beside the comparison: alpha, the good direction, health, and whether it
    may be made at all by now.
    """

    alpha: float
    direction: Direction
    healthy: bool
    due: bool = True

    def read(
        self,
        *,
        floor: Floor,
        judged: JudgedLook | None,
        adjusted_p_value: float | None,
        effect: float | None,
    ) -> Reading:
        """One word for a comparison. `effect` is this look's, absolute.

        The verdict of an earlier look stands only while the effect still points the same way.
        """
        if not floor.reached:
            return "collecting"
        if not self.healthy:
            return "no_call"
        if not self.due:
            return "not_due"
        if judged is None or adjusted_p_value is None or effect is None:
            return "no_answer"
        if adjusted_p_value >= self.alpha or effect * judged.effect <= 0:
            return "no_call"
        return "better" if (effect > 0) == (self.direction == "increase") else "worse"
