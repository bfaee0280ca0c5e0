"""Rules 5 and 6: what looking again and again does, without an effect, to each of the tests."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import RatioSample, Settings, compare
from tests.experiments.stats.binomial import at_most
from tests.experiments.stats.worlds import ever_rejected, heavy_tailed_ctr, peeked

WORLDS = 2_000
HUNDRED = np.unique(np.geomspace(200, 60_000, 100).astype(int))
FROM_THE_FIRST = np.unique(np.geomspace(2, 60_000, 400).astype(int))
ALTERNATIVES = ["two-sided", "greater", "less"]


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("tuning", [2_000, 60_000])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_rule_5_a_sequential_test_may_be_looked_at_a_hundred_times(
    share: float, tuning: float, alternative: Any
) -> None:
    arms = peeked(
        np.random.default_rng(21), sizes=HUNDRED, share=share, rates=(0.05, 0.05), worlds=WORLDS
    )
    result = compare(*arms, Settings(alternative=alternative, tuning=tuning))
    assert 1 <= ever_rejected(result, floor=True) <= at_most(0.05, WORLDS)


def test_rule_5_a_fixed_test_may_not() -> None:
    arms = peeked(
        np.random.default_rng(21), sizes=HUNDRED, share=0.5, rates=(0.05, 0.05), worlds=WORLDS
    )
    result = compare(*arms, Settings(method="fixed"))
    assert ever_rejected(result, floor=True) > 0.25 * WORLDS


def test_rule_5_halving_alpha_once_more_would_only_cost_power() -> None:
    """alpha is not halved: at .1 the boundary is used up to well above .05, and still holds."""
    arms = peeked(
        np.random.default_rng(22),
        sizes=np.arange(50, 20_001, 50),
        share=0.5,
        rates=(0.5, 0.5),
        worlds=WORLDS,
    )
    result = compare(*arms, Settings(confidence=0.7, tuning=1_000))
    spent = ever_rejected(result, floor=True, alpha=0.3)
    assert 0.15 * WORLDS < spent <= at_most(0.3, WORLDS)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_rule_5_a_ramp_of_traffic_at_one_ratio_changes_nothing(share: float) -> None:
    """A week each at 1%, 10% and 50% of 60,000 users a week, then two at all, seen daily."""
    daily = np.repeat([86, 857, 4_286, 8_571, 8_571], 7)
    arms = peeked(
        np.random.default_rng(23),
        sizes=daily.cumsum(),
        share=share,
        rates=(0.05, 0.05),
        worlds=WORLDS,
    )
    result = compare(*arms, Settings(tuning=150_000))
    assert ever_rejected(result, floor=True) <= at_most(0.05, WORLDS)
    fixed = compare(*arms, Settings(method="fixed"))
    assert ever_rejected(fixed, floor=True) > at_most(0.1, WORLDS)


def test_rule_5_a_tuning_moved_along_with_the_users_voids_the_promise() -> None:
    arms = peeked(
        np.random.default_rng(24),
        sizes=np.unique(np.geomspace(400, 400_000, 300).astype(int)),
        share=0.5,
        rates=(0.3, 0.3),
        worlds=WORLDS,
    )
    frozen = ever_rejected(compare(*arms, Settings(tuning=20_000)), floor=True)
    moved = np.zeros(WORLDS, dtype=bool)
    for look, users in enumerate(np.asarray(arms[0].users + arms[1].users)[0]):
        now = [
            type(arm)(np.asarray(arm.n)[:, look], np.asarray(arm.successes)[:, look])
            for arm in arms
        ]
        result: Any = compare(now[0], now[1], Settings(tuning=float(users)))
        moved |= (result.p_value < 0.05) & (result.reason == None)  # noqa: E711
    assert frozen <= at_most(0.05, WORLDS)
    assert moved.sum() > 1.2 * frozen


@pytest.mark.parametrize("rate", [0.005, 0.02])
def test_rule_6_without_the_floor_a_rare_outcome_in_a_small_arm_rejects_too_often(
    rate: float,
) -> None:
    arms = peeked(
        np.random.default_rng(25),
        sizes=FROM_THE_FIRST,
        share=0.1,
        rates=(rate, rate),
        worlds=WORLDS,
    )
    for alternative in ("two-sided", "less"):
        result = compare(*arms, Settings(scale="absolute", alternative=alternative))
        assert ever_rejected(result, floor=False) > at_most(0.05, WORLDS)
        assert ever_rejected(result, floor=True) <= at_most(0.05, WORLDS)


def test_a_ratio_with_heavy_tails_may_be_peeked_at() -> None:
    """A hundred looks at up to 2,000 users an arm, as CTR is looked at."""
    rng, worlds, looks, step = np.random.default_rng(26), 600, 100, 20

    def seen_growing() -> RatioSample:
        steps = heavy_tailed_ctr(rng, users=step, worlds=worlds * looks)
        names = ("numerator", "numerator_squares", "denominator", "denominator_squares", "product")
        sums = (np.reshape(getattr(steps, name), (worlds, looks)).cumsum(axis=1) for name in names)
        return RatioSample(step * np.arange(1, looks + 1), *sums)

    arms = seen_growing(), seen_growing()
    always = ever_rejected(compare(*arms, Settings(tuning=4_000)), floor=True)
    assert always <= at_most(0.05, worlds)
    fixed = ever_rejected(compare(*arms, Settings(method="fixed")), floor=True)
    assert fixed > at_most(0.05, worlds)
