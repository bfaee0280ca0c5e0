"""CUPED in worlds whose truth is known: its gain, its error rate, what its interval covers."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import CupedSample, MeanSample, Settings, compare
from experiments.stats.cuped import adjusted_arms
from tests.experiments.stats.users import (
    Users,
    at_least,
    at_most,
    cuped_of,
    cuped_ratio_of,
)

WORLDS = 4_000
FIXED = Settings(method="fixed")
ABSOLUTE = Settings(method="fixed", scale="absolute")


def spending(rng: np.random.Generator, n: int) -> tuple[Users, Users]:
    """Spend after and before, correlated; one user in five came only after the start."""
    shape = (WORLDS, n)
    before = rng.gamma(4.0, 0.25, shape) * (rng.random(shape) > 0.2)
    return before + rng.gamma(4.0, 0.1, shape), before


def arm(rng: np.random.Generator, n: int, *, times: float = 1.0, plus: float = 0.0) -> CupedSample:
    after, before = spending(rng, n)
    return cuped_of(times * after + plus, before)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_variance_shrinks_by_the_square_of_the_correlation(rho: float) -> None:
    rng = np.random.default_rng(21)
    arms = []
    for _ in range(2):
        shared, own = rng.standard_normal((2, WORLDS, 200))
        arms.append(cuped_of(rho * shared + (1 - rho**2) ** 0.5 * own, shared))
    adjusted: Any = compare(arms[0], arms[1], ABSOLUTE)
    plain: Any = compare(arms[0].post, arms[1].post, ABSOLUTE)
    shrunk = adjusted.effect.var() / plain.effect.var()
    assert shrunk == pytest.approx(1 - rho**2, rel=0.15)
    claimed = (adjusted.std_error**2).mean()
    # theta comes from the same users: one degree of freedom of 400 that is not taken off.
    assert claimed == pytest.approx(adjusted.effect.var(), rel=0.12)


@pytest.mark.parametrize("sizes", [(300, 300), (900, 100)])
@pytest.mark.parametrize("settings", [FIXED, ABSOLUTE])
def test_rule_8_without_an_effect_five_per_cent_are_rejected_with_new_users_in(
    sizes: tuple[int, int], settings: Settings
) -> None:
    rng = np.random.default_rng(22)
    result: Any = compare(arm(rng, sizes[0]), arm(rng, sizes[1]), settings)
    assert at_least(0.05, WORLDS) <= (result.p_value < 0.05).sum() <= at_most(0.055, WORLDS)


def test_rule_8_leaving_users_without_a_pre_period_out_judges_other_people() -> None:
    # The treatment wins people back who had never come: they are its effect.
    rng = np.random.default_rng(23)
    (after, before), (later, earlier) = spending(rng, 200), spending(rng, 200)
    later = later + (earlier == 0)
    with_all: Any = compare(cuped_of(after, before), cuped_of(later, earlier), ABSOLUTE)
    known = [np.where(x > 0, y, 0.0).sum(-1) / (x > 0).sum(-1) for y, x in
             ((after, before), (later, earlier))]  # fmt: skip
    assert with_all.effect.mean() == pytest.approx(0.2, abs=0.005)
    assert (known[1] - known[0]).mean() == pytest.approx(0.0, abs=0.005)


def test_an_adjusted_ratio_gains_and_keeps_its_error_rate() -> None:
    rng = np.random.default_rng(24)
    arms = []
    for n in (700, 100):
        taste = rng.beta(2.0, 6.0, (WORLDS, n))
        seen, before = rng.poisson(rng.gamma(3.0, 2.0, (WORLDS, n)), (2, WORLDS, n))
        clicks = rng.binomial(seen, taste), rng.binomial(before, taste)
        columns = (clicks[0], seen, clicks[1], before)
        arms.append(cuped_ratio_of(*(c.astype(float) for c in columns)))
    result: Any = compare(arms[0], arms[1], FIXED)
    plain: Any = compare(arms[0].post, arms[1].post, FIXED)
    assert at_least(0.05, WORLDS) <= (result.p_value < 0.05).sum() <= at_most(0.065, WORLDS)
    assert result.effect.var() < 0.8 * plain.effect.var()


def missed(low: Any, high: Any, truth: float) -> int:
    return int(((low > truth) | (high < truth)).sum())


@pytest.mark.parametrize("interval", ["fieller", "delta"])
@pytest.mark.parametrize("change", [{"times": 2.0}, {"plus": 1.2}, {"times": 1.1}])
def test_the_lift_interval_covers_a_true_lift(interval: Any, change: dict[str, float]) -> None:
    rng = np.random.default_rng(25)
    truth = change.get("times", 1.0) - 1 + change.get("plus", 0.0) / 1.2
    settings = Settings(method="fixed", interval=interval)
    result: Any = compare(arm(rng, 300), arm(rng, 300, **change), settings)
    misses = missed(result.low, result.high, truth)
    assert at_least(0.05, WORLDS) <= misses <= at_most(0.056, WORLDS)


def test_adjusted_means_taken_for_independent_miss_too_often_or_too_rarely() -> None:
    rng = np.random.default_rng(26)
    for change, truth, often in (({"plus": 1.2}, 1.0, True), ({"times": 2.0}, 1.0, False)):
        arms = adjusted_arms(arm(rng, 300), arm(rng, 300, **change))
        ratio = arms.treatment / arms.control
        own = arms.treatment_error + ratio**2 * arms.control_error
        width = 1.96 * np.sqrt(own) / arms.control
        misses = missed(ratio - 1 - width, ratio - 1 + width, truth)
        if often:
            assert misses > at_most(0.06, WORLDS)
        else:
            assert misses < at_least(0.04, WORLDS)


def test_the_controls_adjusted_mean_is_a_better_baseline_than_its_plain_mean() -> None:
    rng = np.random.default_rng(27)
    control, treatment = arm(rng, 300), arm(rng, 300, times=1.5)
    adjusted: Any = compare(control, treatment, FIXED)
    difference: Any = compare(control, treatment, ABSOLUTE)
    over_plain: Any = difference.effect / control.mean
    assert adjusted.effect.var() < 0.95 * over_plain.var()


def test_an_adjusted_sequential_test_survives_peeking() -> None:
    rng = np.random.default_rng(28)
    worlds, users, looks = 1_000, 2_000, np.arange(100, 2_001, 20)
    arms = []
    for _ in range(2):
        before = rng.gamma(4.0, 0.25, (worlds, users))
        after = before + rng.gamma(4.0, 0.1, (worlds, users))
        sums = [after, after**2, before, before**2, after * before]
        y, yy, x, xx, yx = (values.cumsum(axis=1)[:, looks - 1] for values in sums)
        n = np.broadcast_to(looks, y.shape)
        arms.append(CupedSample(MeanSample(n, y, yy), MeanSample(n, x, xx), yx))
    result: Any = compare(arms[0], arms[1], Settings(tuning=2_000))
    rejected = ((result.p_value < 0.05) & (result.reason == None)).any(axis=1)  # noqa: E711
    assert 1 <= rejected.sum() <= at_most(0.05, worlds)
