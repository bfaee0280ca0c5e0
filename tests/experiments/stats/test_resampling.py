"""Bootstrap and permutation: exact small cases, agreement with `compare`, and the skewed case."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import (
    Reason,
    SampleError,
    Settings,
    SettingsError,
    UserValues,
    bootstrap,
    compare,
    permutation,
    resampling,
)
from tests.experiments.stats.binomial import at_most
from tests.experiments.stats.users import mean_of, ratio_of

FIXED = Settings(method="fixed", scale="absolute")


def rng(seed: int = 61) -> np.random.Generator:
    return np.random.default_rng(seed)


def users(values: Any, denominator: Any = None) -> UserValues:
    return UserValues(values=values, denominator=denominator)


def light(n: int, mean: float, seed: int) -> UserValues:
    return users(rng(seed).binomial(20, mean / 20, n))


def test_a_permutation_of_six_users_has_the_p_of_its_twenty_deals() -> None:
    # Only the deal itself and its mirror are as extreme: 1 in 10 two-sided, 1 in 20 one-sided.
    low, high = users([1, 2, 4]), users([6, 7, 9])
    two: Any = permutation(low, high, rng=rng(), resamples=20_000)
    one: Any = permutation(low, high, rng=rng(), resamples=20_000, alternative="greater")
    assert two.p_value == pytest.approx(0.1, abs=0.01)
    assert one.p_value == pytest.approx(0.05, abs=0.008)
    other: Any = permutation(low, high, rng=rng(), resamples=2_000, alternative="less")
    assert other.p_value == 1.0


def test_p_is_never_zero_because_the_observed_counts_as_a_draw() -> None:
    far = light(300, 2.0, 1), light(300, 6.0, 2)
    one_sided: Any = permutation(*far, rng=rng(), resamples=999, alternative="greater")
    assert one_sided.p_value == 1 / 1_000
    assert permutation(*far, rng=rng(), resamples=999).p_value == 2 / 1_000
    assert bootstrap(*far, rng=rng(), resamples=999).p_value == 2 / 1_000


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_on_light_tails_the_bootstrap_agrees_with_compare(scale: Any) -> None:
    control, treatment = light(3_000, 2.0, 3), light(2_500, 2.08, 4)
    settings = Settings(method="fixed", scale=scale)
    samples = mean_of(control.values), mean_of(treatment.values)
    expected: Any = compare(*samples, settings)
    found: Any = bootstrap(control, treatment, rng=rng(), settings=settings, resamples=8_000)
    assert (found.effect, found.std_error) == (expected.effect, expected.std_error)
    assert (found.low, found.high) == pytest.approx(
        (expected.low, expected.high), abs=0.08 * expected.std_error
    )
    assert found.p_value == pytest.approx(expected.p_value, abs=0.01)


def test_on_light_tails_the_permutation_agrees_with_compare_for_ratios_too() -> None:
    seen = [rng(seed).integers(1, 20, 2_000) for seen, seed in ((0, 5), (1, 6))]
    clicks = [rng(7 + i).binomial(shown, 0.2 + 0.006 * i) for i, shown in enumerate(seen)]
    arms = [users(c, denominator=s) for c, s in zip(clicks, seen, strict=True)]
    samples = [
        ratio_of(c.astype(float), s.astype(float)) for c, s in zip(clicks, seen, strict=True)
    ]
    expected: Any = compare(samples[0], samples[1], FIXED)
    found: Any = permutation(arms[0], arms[1], rng=rng(), resamples=8_000)
    assert found.p_value == pytest.approx(expected.p_value, abs=0.02)
    assert found.effect == pytest.approx(expected.effect, rel=1e-12)
    assert np.isnan([found.low, found.high]).all()


def test_interval_and_p_of_the_bootstrap_agree() -> None:
    for seed in range(20):
        arms = light(60, 2.0, 100 + seed), light(60, 2.6, 200 + seed)
        for alternative in ("two-sided", "greater", "less"):
            settings = Settings(method="fixed", alternative=alternative)
            found: Any = bootstrap(*arms, rng=rng(), settings=settings, resamples=1_999)
            assert (not found.low <= 0 <= found.high) == (found.p_value < 0.05)


def test_the_same_seed_gives_the_same_answer_and_chunks_the_same_law(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arms = light(400, 2.0, 8), light(400, 2.3, 9)
    dealt: Any = bootstrap(*arms, rng=rng(), resamples=500)
    assert bootstrap(*arms, rng=rng(), resamples=500) == dealt
    monkeypatch.setattr(resampling, "CELLS", 100)
    small: Any = bootstrap(*arms, rng=rng(), resamples=500)
    assert (small.drawn, small.effect) == (500, dealt.effect)
    assert small.low == pytest.approx(dealt.low, abs=0.3 * dealt.std_error)


def test_on_skewed_data_the_bootstrap_misses_on_both_sides_where_welch_misses_on_one() -> None:
    # A small arm of skewed counts: Welch's t takes for granted a symmetry that is not there. On
    # either side 2.5% are due. The bootstrap puts the sides right, not all of the total.
    draws, worlds = rng(10), 800
    welch, boot = np.zeros(2, dtype=int), np.zeros(2, dtype=int)
    for _ in range(worlds):
        c, t = (np.floor(draws.lognormal(np.log(4), 1.0, n)) for n in (1_000, 100))
        usual: Any = compare(mean_of(c), mean_of(t), FIXED)
        again: Any = bootstrap(users(c), users(t), rng=draws, resamples=199)
        welch += [usual.low > 0, usual.high < 0]
        boot += [again.low > 0, again.high < 0]
    assert welch[1] > at_most(0.025, worlds)
    assert boot[1] <= at_most(0.025, worlds)
    assert boot[1] - boot[0] < 0.6 * (welch[1] - welch[0])
    assert boot.sum() <= at_most(0.08, worlds)


def test_the_studentised_permutation_holds_where_arms_differ_in_size_and_spread() -> None:
    # Equal means, the small arm with four times the spread. Without dividing by the standard error
    # the dealt arms look too alike, and far too many worlds are rejected.
    worlds, rejected, naive = 200, 0, 0
    draws = rng(13)
    for _ in range(worlds):
        c, t = draws.normal(0, 1, 300), draws.normal(0, 4, 40)
        found: Any = permutation(users(c), users(t), rng=draws, resamples=199)
        rejected += found.p_value <= 0.05
        both = np.concatenate([c, t])
        dealt = draws.permuted(np.tile(both, (199, 1)), axis=1)
        gaps = dealt[:, 300:].mean(axis=1) - dealt[:, :300].mean(axis=1)
        naive += (1 + (np.abs(gaps) >= abs(t.mean() - c.mean())).sum()) / 200 <= 0.05
    assert rejected <= at_most(0.06, worlds)
    assert naive > 0.25 * worlds


def test_resamples_without_spread_do_not_count_and_are_said() -> None:
    rare = users([0] * 30 + [1])
    found: Any = bootstrap(rare, light(50, 2.0, 14), rng=rng(), resamples=1_000)
    assert 250 < found.dropped < 480  # (30/31)^31 = .36 of the draws miss the only one
    assert found.drawn == 1_000
    assert found.reason is Reason.COLLECTING


def test_rule_12_arms_without_spread_have_no_resampled_answer() -> None:
    flat = users(np.ones(500))
    for found in (bootstrap(flat, flat, rng=rng()), permutation(flat, flat, rng=rng())):
        assert found.reason is Reason.ZERO_VARIANCE
        assert np.isnan([found.p_value, found.low, found.high]).all()


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda a: bootstrap(a, a, rng=rng(), settings=Settings()), "method"),
        (lambda a: bootstrap(a, a, rng=rng(), resamples=0), "resamples"),
        (lambda a: permutation(a, a, rng=rng(), resamples=0), "resamples"),
        (
            lambda a: permutation(a, users([1, 2], denominator=[1, 1]), rng=rng()),
            "treatment",
        ),
        (lambda a: users([1, 2], denominator=[1]), "denominator"),
        (lambda a: users([[1, 2]]), "values"),
        (lambda a: users([]), "values"),
        (lambda a: users([1, float("nan")]), "values"),
        (lambda a: users(["a"]), "values"),
    ],
)
def test_impossible_requests_are_refused_by_name(call: Any, field: str) -> None:
    with pytest.raises((SampleError, SettingsError)) as refused:
        call(users([1, 2, 3]))
    assert refused.value.field == field
