"""How often an interval holds the true effect: its confidence, on every scale, side and method."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import Settings, compare
from tests.experiments.stats.binomial import at_least, at_most
from tests.experiments.stats.worlds import heavy_tailed_ctr, means, peeked, shares

WORLDS = 20_000
KINDS = [("absolute", "fieller"), ("relative", "fieller"), ("relative", "delta")]
ALTERNATIVES = ["two-sided", "greater", "less"]
LOOKS = np.unique(np.geomspace(1_000, 40_000, 100).astype(int))


def missed(control: Any, treatment: Any, settings: Settings, truth: float) -> Any:
    result: Any = compare(control, treatment, settings)
    return (result.low > truth) | (result.high < truth)


def near(count: int, rate: float, slack: float = 0.0, worlds: int = WORLDS) -> bool:
    return at_least(rate - slack, worlds) <= count <= at_most(rate + slack, worlds)


def truth_of(scale: str, control: float, treatment: float) -> float:
    return treatment - control if scale == "absolute" else treatment / control - 1


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize(("scale", "interval"), KINDS)
@pytest.mark.parametrize("weights", [(1, 1), (9, 1)])
def test_fixed_intervals_of_a_share(
    weights: Any, scale: Any, interval: Any, alternative: Any
) -> None:
    rng = np.random.default_rng(31)
    control = shares(rng, n=4_000 * weights[0], rate=0.1, worlds=WORLDS)
    treatment = shares(rng, n=4_000 * weights[1], rate=0.13, worlds=WORLDS)
    settings = Settings(method="fixed", scale=scale, interval=interval, alternative=alternative)
    count = missed(control, treatment, settings, truth_of(scale, 0.1, 0.13)).sum()
    # A half per cent for one side: shares are skewed, and the lift's delta interval is symmetric.
    exact = alternative == "two-sided" and interval == "fieller"
    assert near(count, 0.05, slack=0.0 if exact else 0.015)


@pytest.mark.parametrize("confidence", [0.8, 0.99])
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_confidence_is_what_it_says(alternative: Any, confidence: float) -> None:
    rng = np.random.default_rng(32)
    control = shares(rng, n=20_000, rate=0.2, worlds=WORLDS)
    treatment = shares(rng, n=20_000, rate=0.15, worlds=WORLDS)
    settings = Settings(method="fixed", confidence=confidence, alternative=alternative)
    assert near(missed(control, treatment, settings, -0.25).sum(), 1 - confidence)


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_a_margin_moves_the_test_and_not_the_interval(alternative: Any) -> None:
    rng = np.random.default_rng(33)
    control = shares(rng, n=10_000, rate=0.2, worlds=WORLDS)
    treatment = shares(rng, n=10_000, rate=0.19, worlds=WORLDS)
    plain, moved = (
        Settings(method="fixed", alternative=alternative, margin=margin) for margin in (0.0, 0.1)
    )
    misses = missed(control, treatment, moved, -0.05)
    assert (misses == missed(control, treatment, plain, -0.05)).all()
    assert near(misses.sum(), 0.05)


@pytest.mark.parametrize("interval", ["fieller", "delta"])
def test_fixed_lifts_of_a_skewed_mean(interval: Any) -> None:
    rng, worlds = np.random.default_rng(34), 4_000
    control = means(rng.gamma(0.5, 2.0, (worlds, 800)))
    treatment = means(1.4 * rng.gamma(0.5, 2.0, (worlds, 800)))
    count = missed(control, treatment, Settings(method="fixed", interval=interval), 0.4).sum()
    assert near(count, 0.05, slack=0.005, worlds=worlds)


def test_fixed_lifts_of_a_heavy_tailed_ratio() -> None:
    rng, worlds = np.random.default_rng(35), 1_000
    control, treatment = (heavy_tailed_ctr(rng, users=800, worlds=worlds) for _ in range(2))
    misses = missed(control, treatment, Settings(method="fixed"), 0.0)
    assert misses.sum() <= at_most(0.065, worlds)


def test_where_the_baseline_is_weak_fieller_holds_on_each_side_and_delta_does_not() -> None:
    """A control 5 standard errors from zero: delta says `worse` 4 times as often as it should."""
    rng = np.random.default_rng(36)
    control = shares(rng, n=5_000, rate=0.005, worlds=WORLDS)
    treatment = shares(rng, n=200_000, rate=0.005, worlds=WORLDS)
    above, below = {}, {}
    for interval in ("fieller", "delta"):
        settings = Settings(method="fixed", interval=interval)
        result: Any = compare(control, treatment, settings)
        above[interval], below[interval] = (result.low > 0).sum(), (result.high < 0).sum()
    assert below["fieller"] <= at_most(0.025, WORLDS)
    assert below["delta"] > 3 * below["fieller"]
    assert above["delta"] == 0
    assert above["fieller"] + below["fieller"] <= at_most(0.06, WORLDS)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize(("scale", "interval"), KINDS)
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_sequential_intervals_hold_the_truth_at_all_of_a_hundred_looks(
    share: float, scale: Any, interval: Any, alternative: Any
) -> None:
    worlds = 1_000
    arms = peeked(
        np.random.default_rng(37), sizes=LOOKS, share=share, rates=(0.1, 0.13), worlds=worlds
    )
    settings = Settings(scale=scale, interval=interval, alternative=alternative, tuning=20_000)
    result: Any = compare(*arms, settings)
    truth = truth_of(scale, 0.1, 0.13)
    judged = result.reason == None  # noqa: E711
    misses = (((result.low > truth) | (result.high < truth)) & judged).any(axis=1).sum()
    assert misses <= at_most(0.05, worlds)
    if (scale, alternative) == ("absolute", "two-sided"):
        fixed: Any = compare(*arms, Settings(scale=scale, method="fixed"))
        assert ((fixed.low > truth) | (fixed.high < truth)).any(axis=1).sum() > 0.2 * worlds


def test_sequential_margins_hold_over_all_looks() -> None:
    worlds = 1_000
    arms = peeked(
        np.random.default_rng(38), sizes=LOOKS, share=0.5, rates=(0.2, 0.19), worlds=worlds
    )
    settings = Settings(alternative="greater", margin=0.05, tuning=20_000)
    result: Any = compare(*arms, settings)
    wrong = ((result.p_value < 0.05) & (result.reason == None)).any(axis=1)  # noqa: E711
    assert 1 <= wrong.sum() <= at_most(0.05, worlds)
