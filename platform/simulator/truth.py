"""The true effect: what arms earn from the same shoppers, in expected clicks, not in drawn ones.

Every arm serves every shopper. Clicks are drawn all the same, because a click changes the history
and so the next slate; with the same numbers in every arm, so that what arms have in common cancels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from simulator.catalogue import Floats
from simulator.session import start
from simulator.shoppers import Shopper
from simulator.visit import Visit
from simulator.world import World

Rank = Callable[[str, Sequence[str]], Sequence[str]]
"""A slate for a user id and a history of item keys, oldest first: item keys, best first."""

FEWEST = 2  # shoppers: below, no standard error


@dataclass(frozen=True, kw_only=True)
class TrueArm:
    """An arm's click-through rate, expected clicks / items shown, with its Monte-Carlo error."""

    variant: str
    ctr: float
    ctr_error: float
    lift: float | None
    lift_error: float | None


def true_arms(
    world: World,
    shoppers: Iterable[Shopper],
    arms: Mapping[str, Rank],
    *,
    seed: int,
    remembered: int,
    progress: Callable[[int], None] = lambda count: None,
) -> list[TrueArm]:
    """The truth about arms, the first being the control. Raises ValueError below two shoppers.

    `remembered` is how many items of a history the product keeps: older ones drop out.
    """
    rows: list[list[tuple[float, int]]] = []
    for shopper in shoppers:
        rows.append([_earned(world, shopper, rank, seed, remembered) for rank in arms.values()])
        progress(1)
    if len(rows) < FEWEST:
        raise ValueError("The truth needs at least two shoppers.")
    totals = np.asarray(rows, dtype=np.float64)
    control = totals[:, 0]
    return [
        _arm(variant, totals[:, place], control if place else None)
        for place, variant in enumerate(arms)
    ]


def _earned(
    world: World, shopper: Shopper, rank: Rank, seed: int, remembered: int
) -> tuple[float, int]:
    """Expected clicks of a shopper's visit, and items shown."""
    keys = world.catalogue.items
    history = [keys[item].key for item in shopper.history.tolist()]
    visit = start(world, shopper, seed)
    clicks, shown = 0.0, 0
    for _ in range(visit.pages):
        slate = rank(shopper.id, history)
        clicks += float(visit.chances(slate).sum())
        shown += len(slate)
        history = _after(visit, slate, history)[-remembered:]
    return clicks, shown


def _after(visit: Visit, slate: Sequence[str], history: Sequence[str]) -> list[str]:
    """The history once a slate was read: what is clicked comes last, and once."""
    clicked = [slate[place] for place in visit.read(slate)]
    return [item for item in history if item not in clicked] + clicked


def _arm(variant: str, totals: Floats, control: Floats | None) -> TrueArm:
    """The delta method over shoppers; for the lift over pairs, as both arms served each of them."""
    rate, parts = _rate(totals)
    lift, lift_error = None, None
    if control is not None:
        base, base_parts = _rate(control)
        lift = rate / base - 1
        lift_error = _error(parts / base - rate / base**2 * base_parts)
    return TrueArm(
        variant=variant, ctr=rate, ctr_error=_error(parts), lift=lift, lift_error=lift_error
    )


def _rate(totals: Floats) -> tuple[float, Floats]:
    """Clicks / shown over all shoppers, and each shopper's influence on it."""
    clicks, shown = totals.T
    rate = float(clicks.sum() / shown.sum())
    return rate, (clicks - rate * shown) / shown.mean()


def _error(parts: Floats) -> float:
    return float(parts.std(ddof=1)) / sqrt(len(parts))
