"""Comparisons: exact values against SciPy and an independent engine, and the shape of results."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from experiments.stats import (
    MeanSample,
    ProportionSample,
    RatioSample,
    Reason,
    SampleError,
    Settings,
    SettingsError,
    compare,
    compare_phases,
)

CONTROL, TREATMENT = ProportionSample(10_000, 46), ProportionSample(10_000, 69)
SPEND = MeanSample(400, 1_000.0, 6_100.0)
SPEND_MORE = MeanSample(250, 750.0, 4_000.0)


def test_relative_by_delta_matches_the_independent_engine() -> None:
    result = compare(CONTROL, TREATMENT, Settings(method="fixed", interval="delta"))
    assert result.effect == pytest.approx(0.5, abs=1e-14)
    assert (result.low, result.high) == pytest.approx((-0.0580976, 1.0580976), abs=5e-8)
    assert result.p_value == pytest.approx(0.0790969, abs=5e-8)
    assert result.reason is None


def test_absolute_matches_the_independent_engine() -> None:
    result = compare(CONTROL, TREATMENT, Settings(method="fixed", scale="absolute"))
    assert result.effect == pytest.approx(0.0023, abs=1e-15)
    assert (result.low, result.high) == pytest.approx((0.00020433, 0.00439567), abs=5e-9)
    assert result.p_value == pytest.approx(0.0314726, abs=5e-8)


def test_sequential_absolute_matches_the_independent_engine() -> None:
    result = compare(CONTROL, TREATMENT, Settings(scale="absolute", tuning=5000))
    assert (result.low, result.high) == pytest.approx((-0.0010434, 0.0056434), abs=5e-8)
    assert result.p_value == pytest.approx(0.6072563, abs=5e-8)
    assert np.isnan(result.df)


@pytest.mark.parametrize(
    ("clicks", "relative", "absolute"),
    [
        # Clicks of 10,000 users each, of a random and a bandit policy: men, women, all.
        ((46, 69), (-0.0580976, 1.0580976, 0.0790969), (0.00020433, 0.00439567, 0.0314726)),
        ((46, 46), (-0.4077644, 0.4077644, 1.0), (-0.00187572, 0.00187572, 1.0)),
        ((38, 42), (-0.3787983, 0.5893247, 0.6699404), (-0.00134963, 0.00214963, 0.6540765)),
    ],
)
def test_a_real_recommender_test_matches_the_independent_engine(
    clicks: tuple[int, int],
    relative: tuple[float, float, float],
    absolute: tuple[float, float, float],
) -> None:
    arms = ProportionSample(10_000, clicks[0]), ProportionSample(10_000, clicks[1])
    lift = compare(*arms, Settings(method="fixed", interval="delta"))
    difference = compare(*arms, Settings(method="fixed", scale="absolute"))
    assert (lift.low, lift.high, lift.p_value) == pytest.approx(relative, abs=6e-8)
    assert (difference.low, difference.high) == pytest.approx(absolute[:2], abs=6e-9)
    assert difference.p_value == pytest.approx(absolute[2], abs=6e-8)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_fixed_is_scipys_welch_test(alternative: Any) -> None:
    settings = Settings(method="fixed", scale="absolute", alternative=alternative)
    result = compare(SPEND, SPEND_MORE, settings)
    expected = stats.ttest_ind_from_stats(
        SPEND_MORE.mean, SPEND_MORE.variance**0.5, 250, SPEND.mean, SPEND.variance**0.5, 400,
        equal_var=False, alternative=alternative,
    )  # fmt: skip
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-11)
    quantile = stats.t.isf(0.025 if alternative == "two-sided" else 0.05, result.df)
    low, high = result.effect - quantile * result.std_error, 0.5 + quantile * result.std_error
    assert result.low == pytest.approx(-np.inf if alternative == "less" else low, rel=1e-10)
    assert result.high == pytest.approx(np.inf if alternative == "greater" else high, rel=1e-10)


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_fieller_ends_are_the_ratios_the_test_just_accepts(method: Any) -> None:
    result = compare(SPEND, SPEND_MORE, Settings(method=method))
    absolute = compare(SPEND, SPEND_MORE, Settings(method=method, scale="absolute"))
    critical = (absolute.high - absolute.effect) / absolute.std_error

    def excess(ratio: float) -> Any:
        contrast = SPEND_MORE.mean - ratio * SPEND.mean
        error = np.hypot(SPEND_MORE.std_error, ratio * SPEND.std_error)
        return contrast**2 / error**2 - critical**2

    assert result.low == pytest.approx(optimize.brentq(excess, 0.01, 1.2) - 1, abs=1e-9)
    assert result.high == pytest.approx(optimize.brentq(excess, 1.2, 9) - 1, abs=1e-9)
    assert result.p_value == absolute.p_value


def test_a_relative_margin_is_the_absolute_test_of_the_shrunken_control() -> None:
    settings = Settings(method="fixed", alternative="greater", margin=0.1)
    result = compare(SPEND, SPEND_MORE, settings)
    z = (3.0 - 0.9 * 2.5) / np.hypot(SPEND_MORE.std_error, 0.9 * SPEND.std_error)
    assert result.p_value == pytest.approx(stats.t.sf(z, result.df), rel=1e-12)
    assert result.low > -0.1
    assert result.high == np.inf


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_a_margin_shows_safety_where_no_gain_is_shown(scale: Any) -> None:
    same = ProportionSample(50_000, 5_000)
    margin = 0.05 if scale == "relative" else 0.005
    plain = Settings(method="fixed", scale=scale, alternative="greater")
    safe = Settings(method="fixed", scale=scale, alternative="greater", margin=margin)
    assert compare(same, same, plain).p_value == pytest.approx(0.5, abs=1e-12)
    assert compare(same, same, safe).p_value < 0.01


def test_a_ratio_is_judged_by_the_spread_over_users() -> None:
    rng = np.random.default_rng(3)
    seen = rng.integers(1, 40, (2, 500)).astype(float)
    clicks = rng.binomial(seen.astype(int), 0.1).astype(float)
    control, treatment = (
        RatioSample(500, c.sum(), c @ c, s.sum(), s @ s, c @ s)
        for c, s in zip(clicks, seen, strict=True)
    )
    result = compare(control, treatment, Settings(method="fixed", scale="absolute"))
    ratios = clicks.sum(1) / seen.sum(1)
    residuals = (clicks - ratios[:, None] * seen) / seen.mean(1)[:, None]
    expected = stats.ttest_ind(residuals[1] + ratios[1], residuals[0] + ratios[0], equal_var=False)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert result.effect == pytest.approx(ratios[1] - ratios[0], rel=1e-12)


def test_scalars_give_plain_floats_and_arrays_give_arrays() -> None:
    scalar = compare(CONTROL, TREATMENT)
    assert type(scalar.effect) is float
    assert type(scalar.p_value) is float
    many: Any = compare(CONTROL, ProportionSample(10_000, np.array([69, 0, 3])))
    assert many.p_value.shape == (3,)
    assert many.p_value[0] == scalar.p_value
    assert many.reason.tolist() == [None, Reason.ZERO_VARIANCE, Reason.COLLECTING]


@pytest.mark.parametrize(
    ("arms", "field"), [((1, 2), "control"), ((CONTROL, 2), "treatment"), ((None, None), "control")]
)
def test_what_is_no_sample_is_refused_by_name(arms: Any, field: str) -> None:
    for call in (lambda: compare(*arms), lambda: compare_phases([arms[0]], [arms[1]])):
        with pytest.raises(SampleError, match="must be a sample such as a MeanSample") as refused:
            call()
        assert refused.value.field == field


@pytest.mark.parametrize("given", [None, {"method": "fixed"}, "fixed"])
def test_what_are_no_settings_is_refused_by_name(given: Any) -> None:
    for call in (
        lambda: compare(CONTROL, TREATMENT, given),
        lambda: compare_phases([CONTROL], [TREATMENT], given),
    ):
        with pytest.raises(SettingsError, match="settings must be a Settings, not") as refused:
            call()
        assert refused.value.field == "settings"


def test_samples_of_two_kinds_or_shapes_are_not_compared() -> None:
    with pytest.raises(SampleError, match="treatment must be of the control's kind"):
        compare(CONTROL, SPEND)
    with pytest.raises(SampleError, match="treatment must have the control's shape"):
        compare(
            ProportionSample(np.full(2, 10), np.full(2, 1)),
            ProportionSample(np.full(3, 10), np.full(3, 1)),
        )
