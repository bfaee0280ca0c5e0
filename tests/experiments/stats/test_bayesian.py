"""Posteriors: exact values, what the prior does, what stays as in every other method."""

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from experiments.stats import (
    BetaPrior,
    CupedSample,
    MeanSample,
    NormalPrior,
    ProportionSample,
    RatioSample,
    Reason,
    SampleError,
    Settings,
    SettingsError,
    compare_phases,
)
from experiments.stats import compare as stats_compare

compare: Any = stats_compare
ARMS = ProportionSample(10_000, 46), ProportionSample(10_000, 69)
MEANS = MeanSample(400, 800.0, 2_600.0), MeanSample(500, 1_100.0, 3_700.0)


def bayes(**given: Any) -> Settings:
    return Settings(method="bayesian", **given)


def test_shares_match_thirty_digit_arithmetic() -> None:
    # mpmath 1.4.1, quad and findroot over Beta(70, 9932) and Beta(47, 9955).
    absolute = compare(*ARMS, bayes(scale="absolute"))
    relative = compare(*ARMS, bayes())
    assert absolute.chance_to_win == pytest.approx(0.984112801484204969, abs=1e-13)
    assert relative.chance_to_win == absolute.chance_to_win
    assert absolute.expected_loss == pytest.approx(6.13496217140841964e-6, rel=1e-9)
    assert relative.expected_loss == pytest.approx(9.90533634099092973e-4, rel=1e-9)
    assert absolute.low == pytest.approx(2.01042055911548224e-4, rel=1e-9)
    assert absolute.high == pytest.approx(4.43422283284243003e-3, rel=1e-9)
    assert relative.low == pytest.approx(0.0353337049886886848, rel=1e-9)


def test_the_mean_and_spread_of_a_lift_are_those_of_two_betas() -> None:
    found = compare(*ARMS, bayes())
    t, c = stats.beta(70, 9_932), stats.beta(47, 9_955)
    mean, square = (
        t.moment(k) * integrate.quad(lambda x: c.pdf(x) / x**k, 1e-5, 0.02, epsabs=0)[0]  # noqa: B023
        for k in (1, 2)
    )
    assert found.effect == pytest.approx(mean - 1, rel=1e-9)
    assert found.std_error == pytest.approx((square - mean**2) ** 0.5, rel=1e-7)


def test_there_is_no_p_and_no_chance_where_the_other_is() -> None:
    found = compare(*ARMS, bayes())
    assert np.isnan([found.p_value, found.df, found.e_value]).all()
    for method in ("sequential", "fixed"):
        other = compare(*ARMS, Settings(method=method))
        assert np.isnan([other.chance_to_win, other.expected_loss]).all()


def test_a_prior_on_shares_counts_as_users_seen_before() -> None:
    more = ProportionSample(10_010, 50), ProportionSample(10_010, 73)
    as_prior = compare(*ARMS, bayes(prior=BetaPrior(successes=5, failures=7)))
    as_data = compare(*more, bayes())
    for name in ("effect", "low", "high", "chance_to_win", "expected_loss", "std_error"):
        assert getattr(as_prior, name) == pytest.approx(getattr(as_data, name), rel=1e-11)


def test_a_normal_prior_and_its_estimate_meet_by_their_precisions() -> None:
    welch = compare(*MEANS, Settings(method="fixed", scale="absolute"))
    assert welch.effect == pytest.approx(0.2, rel=1e-12)
    se = float(welch.std_error)
    found = compare(*MEANS, bayes(scale="absolute", prior=NormalPrior(mean=0.1, sd=2 * se)))
    mean, sd = 0.1 + 0.8 * 0.1, 0.8**0.5 * se
    law = stats.norm(mean, sd)
    loss = integrate.quad(lambda e: max(-e, 0) * law.pdf(e), mean - 12 * sd, 0, epsabs=0)[0]
    assert found.effect == pytest.approx(mean, rel=1e-12)
    assert found.std_error == pytest.approx(sd, rel=1e-12)
    assert (found.low, found.high) == pytest.approx(law.interval(0.95), rel=1e-12)
    assert found.chance_to_win == pytest.approx(law.sf(0), rel=1e-12)
    assert found.expected_loss == pytest.approx(loss, rel=1e-9)


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_the_default_normal_prior_is_worth_one_user_per_arm(scale: Any) -> None:
    fixed = compare(*MEANS, Settings(method="fixed", scale=scale, interval="delta"))
    found = compare(*MEANS, bayes(scale=scale))
    pairs = 2 * 400 * 500 / 900
    assert found.effect == pytest.approx(fixed.effect * pairs / (pairs + 1), rel=1e-12)
    shrunk = fixed.std_error * (pairs / (pairs + 1)) ** 0.5
    assert found.std_error == pytest.approx(shrunk, rel=1e-12)


def test_ratios_and_adjusted_means_go_through_the_same_prior() -> None:
    ratio = RatioSample(200, 100.0, 90.0, 400.0, 1_000.0, 230.0)
    better = RatioSample(200, 120.0, 110.0, 400.0, 1_000.0, 270.0)
    pre = MeanSample(400, 700.0, 2_000.0)
    adjusted = CupedSample(MEANS[0], pre, 2_100.0), CupedSample(MEANS[0], pre, 2_000.0)
    for arms in ((ratio, better), adjusted):
        for scale in ("absolute", "relative"):
            fixed = compare(*arms, Settings(method="fixed", scale=scale, interval="delta"))
            flat = compare(*arms, bayes(scale=scale, prior=NormalPrior(sd=1e6)))
            z = fixed.effect / fixed.std_error
            assert flat.effect == pytest.approx(fixed.effect, rel=1e-9)
            assert flat.chance_to_win == pytest.approx(stats.norm.cdf(z), rel=1e-9)


def test_the_loss_of_the_control_is_the_effect_and_the_loss_together() -> None:
    # max(e, 0) = e + max(-e, 0): what the docstring tells callers for whom less is better.
    for arms in (ARMS, MEANS):
        there = compare(*arms, bayes(scale="absolute"))
        back = compare(arms[1], arms[0], bayes(scale="absolute"))
        slack = 1e-12 * abs(there.effect)
        assert back.expected_loss == pytest.approx(there.effect + there.expected_loss, abs=slack)
        assert back.chance_to_win == pytest.approx(1 - there.chance_to_win, abs=1e-12)


def test_one_side_leaves_all_of_alpha_outside_its_end() -> None:
    for arms in (ARMS, MEANS):
        wide = compare(*arms, bayes(confidence=0.9))
        up = compare(*arms, bayes(alternative="greater"))
        down = compare(*arms, bayes(alternative="less"))
        assert (up.low, up.high) == (pytest.approx(wide.low, rel=1e-9), np.inf)
        assert (down.low, down.high) == (-np.inf, pytest.approx(wide.high, rel=1e-9))


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_arrays_equal_their_elements_one_by_one(scale: Any) -> None:
    n, a, b = np.array([[500, 4_000]]), np.array([[30], [90]]), np.array([[45, 60], [80, 300]])
    together = compare(ProportionSample(n, a), ProportionSample(n, b), bayes(scale=scale))
    for i, j in np.ndindex(2, 2):
        arms = ProportionSample(int(n[0, j]), int(a[i, 0])), ProportionSample(n[0, j], b[i, j])
        alone = compare(*arms, bayes(scale=scale))
        for name in ("effect", "low", "high", "std_error", "chance_to_win", "expected_loss"):
            element = getattr(together, name)[i, j]
            assert element == pytest.approx(getattr(alone, name), rel=1e-12, abs=1e-16)


def test_rule_6_and_12_hold_for_beliefs_too() -> None:
    collecting = compare(ProportionSample(99, 50), ProportionSample(99, 60), bayes())
    assert collecting.reason is Reason.COLLECTING
    assert 0 < collecting.chance_to_win < 1
    alike = MeanSample(900, 0.0, 0.0), MeanSample(900, 9.0, 9.0)
    nothing = compare(*alike, bayes())
    assert nothing.reason is Reason.ZERO_VARIANCE
    assert np.isnan([nothing.chance_to_win, nothing.expected_loss, nothing.low]).all()
    weak = compare(ProportionSample(5_000, 3), ProportionSample(5_000, 60), bayes())
    assert weak.reason is Reason.CONTROL_MEAN_NEAR_ZERO


def test_a_prior_of_the_wrong_kind_is_refused_by_name() -> None:
    with pytest.raises(SettingsError) as refused:
        compare(*MEANS, bayes(prior=BetaPrior()))
    assert refused.value.field == "prior"
    with pytest.raises(SampleError):
        compare(ARMS[0], MEANS[0], bayes())
    with pytest.raises(SettingsError) as phased:
        compare_phases([ARMS[0]], [ARMS[1]], bayes())
    assert phased.value.field == "method"


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_beliefs_are_calibrated_when_effects_come_from_the_prior(scale: Any) -> None:
    # Of worlds drawn from the prior, 95% lie inside, and the mean loss is the one announced.
    rng, worlds = np.random.default_rng(21), 2_000
    p, q = rng.beta(30, 300, worlds), rng.beta(30, 300, worlds)
    arms = (ProportionSample(800, rng.binomial(800, share)) for share in (p, q))
    found = compare(*arms, bayes(scale=scale, prior=BetaPrior(successes=30, failures=300)))
    true = q - p if scale == "absolute" else q / p - 1
    inside = int(((found.low < true) & (true < found.high)).sum())
    assert stats.binom.ppf(1e-6, worlds, 0.95) <= inside <= stats.binom.isf(1e-6, worlds, 0.95)
    gap = np.maximum(-true, 0) - found.expected_loss
    assert abs(gap.mean()) < 4.9 * gap.std() / worlds**0.5
    won = (true > 0) - found.chance_to_win
    assert abs(won.mean()) < 4.9 * won.std() / worlds**0.5


def test_peeking_until_the_chance_is_high_is_wrong_far_too_often() -> None:
    # Why the method promises nothing about peeking, and why it is not the default.
    rng, worlds = np.random.default_rng(22), 1_000
    new = rng.binomial(500, 0.1, (2, worlds, 100)).cumsum(axis=2)
    n = 500 * np.arange(1, 101)
    c, t = (MeanSample(np.broadcast_to(n, arm.shape), arm, arm) for arm in new)
    found = compare(c, t, bayes())
    ever = ((found.chance_to_win > 0.95) & (found.reason == None)).any(axis=1).sum()  # noqa: E711
    assert ever > 0.2 * worlds
