"""Intervals of means and ratios hold a true lift at all of 60 looks; those of e-BH, where found."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from experiments.stats import (
    MeanSample,
    ProportionSample,
    RatioSample,
    Settings,
    at_confidence,
    compare,
    e_bh,
    e_bh_confidence,
)
from tests.experiments.stats.binomial import at_most
from tests.experiments.stats.worlds import Rng

WORLDS, LOOKS, STEP = 1_000, 60, 40
SHAPE = (WORLDS, LOOKS, STEP)
TRUTH = {
    "means": {"relative": 0.25, "absolute": 0.2},
    "ratios": {"relative": 0.25, "absolute": 0.01},
}


def growing(per_user: Any) -> Any:
    """Running totals over looks of one value per user, users on the last axis."""
    return per_user.sum(axis=-1).cumsum(axis=-1)


def skewed_means(rng: Rng, lift: float) -> MeanSample:
    """Gamma with shape .5 and mean .8, so a skewness of 2.8."""
    spent = 1.6 * (1 + lift) * rng.gamma(0.5, 1.0, SHAPE)
    return MeanSample(STEP * np.arange(1, LOOKS + 1), growing(spent), growing(spent**2))


def heavy_tailed_ratios(rng: Rng, lift: float) -> RatioSample:
    """Few see very much, people differ in how gladly they click; CTR 4%."""
    seen = np.minimum(np.ceil(5 * rng.pareto(2.2, SHAPE) + 1), 2_000)
    gladly = 0.8 * (1 + lift) * rng.beta(0.5, 9.5, SHAPE)
    clicks = rng.binomial(seen.astype(int), gladly).astype(float)
    sums = (clicks, clicks**2, seen, seen**2, clicks * seen)
    return RatioSample(STEP * np.arange(1, LOOKS + 1), *map(growing, sums))


@cache
def arms_of(kind: str) -> tuple[Any, Any]:
    draw, rng = (
        {"means": skewed_means, "ratios": heavy_tailed_ratios}[kind],
        np.random.default_rng(71),
    )
    return draw(rng, 0.0), draw(rng, 0.25)


def missed(kind: str, settings: Settings) -> int:
    """Worlds whose interval leaves the truth out at any look past the floor."""
    result: Any = compare(*arms_of(kind), settings)
    truth = TRUTH[kind][settings.scale]
    outside = (result.low > truth) | (result.high < truth)
    return int((outside & (result.reason == None)).any(axis=1).sum())  # noqa: E711


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("scale", ["relative", "absolute"])
@pytest.mark.parametrize("kind", ["means", "ratios"])
def test_rule_5_sequential_intervals_hold_a_true_lift_at_every_look(
    kind: str, scale: Any, alternative: Any
) -> None:
    settings = Settings(scale=scale, alternative=alternative, tuning=2 * STEP * LOOKS)
    assert missed(kind, settings) <= at_most(0.05, WORLDS)
    fixed = Settings(scale=scale, alternative=alternative, method="fixed")
    assert missed(kind, fixed) > 0.12 * WORLDS


FAMILIES, ALPHA = 2_000, 0.05
LIFTS = np.array([0.0] * 16 + [0.03] * 4)
Find = Callable[[Any], Any]


def by_e_bh(e_values: Any) -> Any:
    return e_bh(e_values, ALPHA)


def one_by_one(e_values: Any) -> Any:
    return e_values >= 1 / ALPHA


def stopped(settings: Settings, find: Find) -> tuple[Any, Any, Any]:
    """Twenty treatments with their control at the first look with any find, else the last."""
    rng = np.random.default_rng(72)
    sizes = np.unique(np.geomspace(500, 40_000, LOOKS).astype(int))
    steps = np.diff(sizes, prepend=0)
    control = rng.binomial(steps, 0.3, (FAMILIES, 1, len(sizes))).cumsum(-1)
    rates = 0.3 * (1 + LIFTS)[:, None]
    treated = rng.binomial(steps, rates, (FAMILIES, len(LIFTS), len(sizes))).cumsum(-1)
    result = compare(ProportionSample(sizes, control), ProportionSample(sizes, treated), settings)
    found = find(np.swapaxes(result.e_value, 1, 2)).any(axis=2)
    stop = np.where(found.any(axis=1), found.argmax(axis=1), found.shape[1] - 1)
    world, n = np.arange(FAMILIES), np.broadcast_to(sizes[stop][:, None], (FAMILIES, len(LIFTS)))
    return (
        ProportionSample(n, np.broadcast_to(control[world, 0, stop][:, None], n.shape)),
        ProportionSample(n, treated[world, :, stop]),
        np.asarray(result.e_value)[world, :, stop],
    )


def share_missed(arms: Any, confidence: Any, found: Any, settings: Settings) -> float:
    """Of the found, the share of intervals without the truth, 0 without a find, on average."""
    outside = np.zeros(found.shape, dtype=bool)
    for level in np.unique(confidence):
        at: Any = compare(arms[0], arms[1], at_confidence(settings, float(level)))
        outside |= (confidence == level) & ((at.low > LIFTS) | (at.high < LIFTS))
    return float(((outside & found).sum(axis=1) / np.maximum(found.sum(axis=1), 1)).mean())


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_of_the_intervals_that_e_bh_finds_at_most_alpha_miss_whenever_it_stops(
    alternative: Any,
) -> None:
    settings = Settings(tuning=5_000, alternative=alternative)
    most = at_most(ALPHA, FAMILIES) / FAMILIES
    *arms, e = stopped(settings, by_e_bh)
    missed = share_missed(arms, e_bh_confidence(e, ALPHA), by_e_bh(e), settings)
    *others, alone = stopped(settings, one_by_one)
    naive = share_missed(others, np.full(alone.shape, 1 - ALPHA), one_by_one(alone), settings)
    assert by_e_bh(e).any(axis=1).mean() > 0.2
    assert 0 < missed <= most < naive
