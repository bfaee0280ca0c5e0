"""A skewed mean in lopsided arms rejects too often, past the floor too; a cap on users mends it.

Spending of 20,000 users in 100 steps: 10% buy, log-normal with sigma 1.5. The two arms are alike.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest

from experiments.stats import MeanSample, Settings, compare
from tests.experiments.stats.binomial import at_least, at_most
from tests.experiments.stats.worlds import Rng, ever_rejected

USERS, LOOKS, CHUNK = 20_000, 100, 50
CAPS = (1.0, 0.999, 0.99)
"""Percentiles of all users; the first cuts nobody off."""
WORLDS = {0.1: 4_000, 0.5: 600}
Arms = tuple[MeanSample, MeanSample]


def spending(rng: Rng, users: int) -> Any:
    """Of shape (CHUNK, LOOKS, users of one step)."""
    spent = np.zeros((CHUNK, LOOKS, users // LOOKS))
    buys = rng.random(spent.shape) < 0.1
    spent[buys] = np.exp(1.5 * rng.normal(size=int(buys.sum())))
    return spent


def growing(spent: Any) -> MeanSample:
    total, squares = spent.sum(axis=2), np.einsum("wlu,wlu->wl", spent, spent)
    users = spent.shape[2] * np.arange(1, LOOKS + 1)
    return MeanSample(users, total.cumsum(axis=1), squares.cumsum(axis=1))


def capped(arms: list[Any]) -> list[Arms]:
    """Every user's spending cut off at each of CAPS, of both arms pooled."""
    everyone = np.concatenate([arm.reshape(CHUNK, -1) for arm in arms], axis=1)
    caps = np.quantile(everyone, CAPS, axis=1, overwrite_input=True)[..., None, None]
    control, treatment = arms
    return [(growing(np.minimum(control, c)), growing(np.minimum(treatment, c))) for c in caps]


@cache
def worlds(share: float) -> list[list[Arms]]:
    """In chunks, each capped at every one of CAPS; `share` are treated."""
    rng = np.random.default_rng(61)
    sizes = (round(USERS * (1 - share)), round(USERS * share))
    drawn = ([spending(rng, n) for n in sizes] for _ in range(WORLDS[share] // CHUNK))
    return [capped(arms) for arms in drawn]


def rejections(share: float, alternative: Any) -> tuple[int, int, int]:
    """Worlds rejected at any look past the floor, for every one of CAPS."""
    settings = Settings(alternative=alternative, tuning=USERS)
    found = [
        [ever_rejected(compare(*arms, settings), floor=True) for arms in chunk]
        for chunk in worlds(share)
    ]
    plain, hardly, mended = np.sum(found, axis=0)
    return int(plain), int(hardly), int(mended)


@pytest.mark.parametrize(("alternative", "rate"), [("two-sided", 0.076), ("less", 0.1)])
def test_nine_to_one_a_skewed_mean_rejects_too_often_and_capped_it_does_not(
    alternative: Any, rate: float
) -> None:
    count = WORLDS[0.1]
    plain, hardly, mended = rejections(0.1, alternative)
    assert at_most(0.05, count) < plain
    assert at_least(rate, count) <= plain <= at_most(rate, count)
    assert 1 <= mended <= at_most(0.05, count)
    assert mended < 0.4 * plain < 0.6 * plain < hardly < plain


def test_it_is_always_towards_the_loss() -> None:
    """A small arm without its largest buyers seems poor, and sure of it."""
    assert rejections(0.1, "greater")[0] <= at_most(0.001, WORLDS[0.1])


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_in_equal_arms_it_does_not_even_uncapped(alternative: Any) -> None:
    assert max(rejections(0.5, alternative)) <= at_most(0.03, WORLDS[0.5])
