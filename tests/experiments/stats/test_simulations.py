"""Error rates in worlds without an effect, with fixed seeds and exact binomial bounds."""

from typing import Any, TypeAlias

import numpy as np
import pytest
from scipy import stats

from experiments.stats import ProportionSample, RatioSample, Settings, compare

WORLDS = 1_000

Pair: TypeAlias = tuple[ProportionSample, ProportionSample]


def at_most(rate: float) -> int:
    """Rejections that chance exceeds once in a thousand when each world rejects at `rate`."""
    return int(stats.binom.isf(0.001, WORLDS, rate))


def at_least(rate: float) -> int:
    return int(stats.binom.ppf(0.001, WORLDS, rate))


def peeked(rng: np.random.Generator, *, share: float, rate: float) -> Pair:
    """Two arms seen 300 times from 50 users to 60,000, `share` of them in the treatment."""
    sizes = np.unique(np.geomspace(50, 60_000, 300).astype(int))
    arriving = np.broadcast_to(np.diff(sizes, prepend=0), (WORLDS, len(sizes)))
    treated = rng.binomial(arriving, share)
    control, treatment = (
        ProportionSample(new.cumsum(axis=1), rng.binomial(new, rate).cumsum(axis=1))
        for new in (arriving - treated, treated)
    )
    return control, treatment


def ever_rejected(result: Any, *, floor: bool) -> int:
    rejected = result.p_value < 0.05
    if floor:
        rejected &= result.reason == None  # noqa: E711
    return int(rejected.any(axis=1).sum())


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_a_fixed_test_looked_at_once_rejects_five_per_cent(share: float) -> None:
    rng = np.random.default_rng(11)
    n_treatment = int(20_000 * share)
    control = ProportionSample(
        20_000 - n_treatment, rng.binomial(20_000 - n_treatment, 0.1, WORLDS)
    )
    treatment = ProportionSample(n_treatment, rng.binomial(n_treatment, 0.1, WORLDS))
    result: Any = compare(control, treatment, Settings(method="fixed"))
    assert at_least(0.05) <= (result.p_value < 0.05).sum() <= at_most(0.05)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_rule_5_the_sequential_test_survives_peeking(share: float, alternative: Any) -> None:
    arms = peeked(np.random.default_rng(12), share=share, rate=0.05)
    result: Any = compare(*arms, Settings(alternative=alternative))
    assert 1 <= ever_rejected(result, floor=True) <= at_most(0.05)


def test_rule_5_the_fixed_test_does_not_survive_peeking() -> None:
    arms = peeked(np.random.default_rng(12), share=0.5, rate=0.05)
    result: Any = compare(*arms, Settings(method="fixed"))
    assert ever_rejected(result, floor=True) > 0.25 * WORLDS


def test_rule_6_without_the_floor_a_rare_outcome_in_a_small_arm_rejects_too_often() -> None:
    arms = peeked(np.random.default_rng(13), share=0.1, rate=0.02)
    result: Any = compare(*arms, Settings(scale="absolute"))
    assert ever_rejected(result, floor=False) > at_most(0.05)
    assert ever_rejected(result, floor=True) <= at_most(0.05)


def heavy_tailed_ctr(rng: np.random.Generator) -> RatioSample:
    """800 users a world; few see very much, and people differ in how gladly they click."""
    shape = (WORLDS, 800)
    seen = np.minimum(np.ceil(5 * rng.pareto(2.2, shape) + 1), 2_000)
    clicks = rng.binomial(seen.astype(int), rng.beta(0.5, 9.5, shape)).astype(float)
    sums = (clicks, clicks**2, seen, seen**2, clicks * seen)
    return RatioSample(800, *(values.sum(axis=1) for values in sums))


def test_rule_1_the_delta_method_holds_in_a_heavy_tailed_world_and_impressions_do_not() -> None:
    rng = np.random.default_rng(14)
    control, treatment = heavy_tailed_ctr(rng), heavy_tailed_ctr(rng)
    fixed = Settings(method="fixed")
    by_user: Any = compare(control, treatment, fixed)
    by_impression: Any = compare(
        ProportionSample(control.denominator, control.numerator),
        ProportionSample(treatment.denominator, treatment.numerator),
        fixed,
    )
    # 6.5%: normal theory is a little optimistic about 800 users with such tails.
    assert (by_user.p_value < 0.05).sum() <= at_most(0.065)
    assert (by_impression.p_value < 0.05).sum() > 0.2 * WORLDS


def test_the_lift_interval_covers_a_true_lift() -> None:
    rng = np.random.default_rng(15)
    control = ProportionSample(4_000, rng.binomial(4_000, 0.05, WORLDS))
    treatment = ProportionSample(4_000, rng.binomial(4_000, 0.065, WORLDS))
    result: Any = compare(control, treatment, Settings(method="fixed"))
    missed = (result.low > 0.3) | (result.high < 0.3)
    assert at_least(0.05) <= missed.sum() <= at_most(0.05)
