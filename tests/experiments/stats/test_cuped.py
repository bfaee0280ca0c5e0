"""CUPED: exact values from users, what needs no adjustment, and what is refused."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from experiments.stats import (
    CupedRatioSample,
    CupedSample,
    MeanSample,
    RatioSample,
    Reason,
    SampleError,
    Settings,
    compare,
    floor,
)
from tests.experiments.stats.users import Users, cuped_of, cuped_ratio_of, mean_of, ratio_of

FIXED = Settings(method="fixed", scale="absolute")


def people(rng: np.random.Generator, n: int, lift: float) -> tuple[Users, Users]:
    """Spend of `n` users after and before the start; one in five has no pre-period."""
    before = rng.gamma(2.0, 3.0, n) * (rng.random(n) > 0.2)
    return lift * (1 + 0.7 * before) + rng.gamma(2.0, 1.0, n), before


def browsing(rng: np.random.Generator, n: int) -> tuple[Users, Users, Users, Users]:
    """Clicks and impressions after and before; people differ in how gladly they click."""
    taste = rng.beta(2.0, 8.0, n)
    seen, before = rng.integers(1, 30, (2, n))
    return tuple(  # type: ignore[return-value]
        values.astype(float)
        for values in (rng.binomial(seen, taste), seen, rng.binomial(before, taste), before)
    )


def pair(of: Callable[..., Any], arms: Sequence[Sequence[Users]]) -> tuple[Any, Any]:
    """Control and treatment, out of each arm's columns."""
    control, treatment = arms
    return of(*control), of(*treatment)


def weighted_slope(arms: list[tuple[Users, Users]]) -> tuple[float, float]:
    """Intercept gap and slope of post on arm and pre, by least squares with numpy.

    An arm's rows weigh 1 / (n (n - 1)), which makes the slope that of the theta of least variance.
    """
    rows, targets = [], []
    for i, (y, x) in enumerate(arms):
        weight = (len(y) * (len(y) - 1)) ** -0.5
        rows.append(weight * np.column_stack([np.ones_like(x), np.full_like(x, i), x]))
        targets.append(weight * y)
    fitted = np.linalg.lstsq(np.vstack(rows), np.concatenate(targets), rcond=None)[0]
    return float(fitted[1]), float(fitted[2])


def test_the_effect_is_the_arms_coefficient_of_a_regression_on_the_pre_period() -> None:
    rng = np.random.default_rng(1)
    arms = [people(rng, 900, 1.0), people(rng, 500, 1.2)]
    result = compare(cuped_of(*arms[0]), cuped_of(*arms[1]), FIXED)
    effect, slope = weighted_slope(arms)
    assert result.effect == pytest.approx(effect, rel=1e-10)
    residuals = [y - slope * x for y, x in arms]
    expected = stats.ttest_ind(residuals[1], residuals[0], equal_var=False)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert result.df == pytest.approx(expected.df, rel=1e-10)
    interval = expected.confidence_interval(0.95)
    assert (result.low, result.high) == pytest.approx(interval, rel=1e-9)


def test_with_arms_of_one_size_the_effect_is_that_of_ancova() -> None:
    rng = np.random.default_rng(2)
    arms = [people(rng, 700, 1.0), people(rng, 700, 1.1)]
    x = np.concatenate([x for _, x in arms])
    design = np.column_stack([np.ones(1400), np.repeat([0.0, 1.0], 700), x])
    fitted = np.linalg.lstsq(design, np.concatenate([y for y, _ in arms]), rcond=None)[0]
    result = compare(*pair(cuped_of, arms), FIXED)
    assert result.effect == pytest.approx(fitted[1], rel=1e-10)


def test_theta_is_the_one_of_least_variance() -> None:
    rng = np.random.default_rng(3)
    arms = [people(rng, 800, 1.0), people(rng, 100, 1.5)]

    def variance(theta: float) -> float:
        return float(sum((y - theta * x).var(ddof=1) / len(y) for y, x in arms))

    least = optimize.minimize_scalar(variance, bounds=(-5, 5), method="bounded").fun
    result: Any = compare(*pair(cuped_of, arms), FIXED)
    assert result.std_error**2 == pytest.approx(least, rel=1e-9)


def test_a_ratio_is_adjusted_by_the_linearised_pre_period() -> None:
    rng = np.random.default_rng(4)
    arms = [browsing(rng, 900), browsing(rng, 600)]
    residuals = []
    for top, bottom, pre_top, pre_bottom in arms:
        post = (top - top.sum() / bottom.sum() * bottom) / bottom.mean()
        pre = (pre_top - pre_top.sum() / pre_bottom.sum() * pre_bottom) / pre_bottom.mean()
        residuals.append((post, pre, top.sum() / bottom.sum(), pre_top.sum() / pre_bottom.sum()))
    _, slope = weighted_slope([(post, pre) for post, pre, *_ in residuals])
    values = [post + r - slope * (pre + q) for post, pre, r, q in residuals]
    expected = stats.ttest_ind(values[1], values[0], equal_var=False)
    result = compare(*pair(cuped_ratio_of, arms), FIXED)
    assert result.effect == pytest.approx(values[1].mean() - values[0].mean(), rel=1e-9)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert slope > 0.5


def test_a_lift_is_over_the_controls_adjusted_mean_with_the_error_of_the_shared_level() -> None:
    rng = np.random.default_rng(5)
    (y, x), (z, w) = arms = [people(rng, 900, 1.0), people(rng, 500, 1.3)]
    _, theta = weighted_slope(arms)
    level = np.concatenate([x, w]).mean()
    control, treatment = (a.mean() - theta * (b.mean() - level) for a, b in arms)
    result: Any = compare(cuped_of(y, x), cuped_of(z, w), Settings(method="fixed"))
    absolute: Any = compare(cuped_of(y, x), cuped_of(z, w), FIXED)
    assert result.effect == pytest.approx(treatment / control - 1, rel=1e-12)
    assert result.p_value == pytest.approx(absolute.p_value, rel=1e-12)

    share = 900 / 1400

    def excess(ratio: float) -> Any:
        # What a user adds to treatment - ratio * control, the level being all users' average.
        shift = theta * (1 - ratio)
        one = (z - theta * w + shift * (1 - share) * w).var(ddof=1) / 500
        other = (ratio * (y - theta * x) - shift * share * x).var(ddof=1) / 900
        return (treatment - ratio * control) ** 2 / (one + other) - critical**2

    critical = (absolute.high - absolute.effect) / absolute.std_error
    middle = treatment / control
    assert result.low == pytest.approx(optimize.brentq(excess, 0.5, middle) - 1, abs=1e-9)
    assert result.high == pytest.approx(optimize.brentq(excess, middle, 3) - 1, abs=1e-9)


@pytest.mark.parametrize("method", ["fixed", "sequential"])
@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("interval", ["fieller", "delta"])
def test_a_pre_period_that_does_not_vary_changes_nothing(
    method: Any, scale: Any, interval: Any
) -> None:
    rng = np.random.default_rng(6)
    settings = Settings(method=method, scale=scale, interval=interval)
    y, z = rng.gamma(2.0, 1.0, (2, 300))
    nothing, same = np.zeros(300), np.full(300, 0.1)
    plain = compare(mean_of(y), mean_of(z), settings)
    assert repr(compare(cuped_of(y, nothing), cuped_of(z, nothing), settings)) == repr(plain)
    assert repr(compare(cuped_of(y, same), cuped_of(z, same), settings)) == repr(plain)


def test_a_ratio_without_a_pre_period_in_an_arm_is_the_plain_ratio() -> None:
    rng = np.random.default_rng(7)
    arms = [browsing(rng, 300), browsing(rng, 300)]
    nothing = np.zeros(300)
    plain = compare(*pair(ratio_of, [arm[:2] for arm in arms]), FIXED)
    without = [cuped_ratio_of(*arm[:2], nothing, nothing) for arm in arms]
    assert repr(compare(without[0], without[1], FIXED)) == repr(plain)
    assert repr(compare(cuped_ratio_of(*arms[0]), without[1], FIXED)) == repr(plain)


def test_a_proportion_is_a_mean_of_ones_and_noughts() -> None:
    rng = np.random.default_rng(8)
    before = (rng.random((2, 2_000)) < 0.3).astype(float)
    after = (rng.random((2, 2_000)) < 0.1 + 0.5 * before).astype(float)
    control, treatment = (cuped_of(y, x) for y, x in zip(after, before, strict=True))
    assert control.post.total == control.post.total_squares
    result: Any = compare(control, treatment, FIXED)
    plain: Any = compare(control.post, treatment.post, FIXED)
    rho = np.mean([np.corrcoef(y, x)[0, 1] ** 2 for y, x in zip(after, before, strict=True)])
    assert (result.std_error / plain.std_error) ** 2 == pytest.approx(1 - rho, abs=0.01)


def test_a_pre_period_that_tells_all_leaves_no_variance_to_judge_by() -> None:
    y = np.random.default_rng(9).gamma(2.0, 1.0, (2, 300))
    result = compare(cuped_of(y[0], y[0]), cuped_of(y[1], y[1]), FIXED)
    assert result.reason is Reason.ZERO_VARIANCE
    assert np.isnan(result.p_value)


def test_the_floor_is_the_post_periods_and_no_adjustment_lowers_it() -> None:
    rng = np.random.default_rng(10)
    before = (rng.random((2, 4_000)) < 0.005).astype(float)
    after = before * (rng.random((2, 4_000)) < 0.9)
    control, treatment = (cuped_of(y, x) for y, x in zip(after, before, strict=True))
    assert floor(control) == floor(control.post)
    assert floor(control).reason is Reason.COLLECTING
    assert compare(control, treatment).reason is Reason.COLLECTING
    often = (rng.random(4_000) < 0.1).astype(float)
    assert compare(control, cuped_of(often, before[1])).reason is Reason.COLLECTING
    assert compare(cuped_of(often, before[1]), treatment).reason is Reason.COLLECTING


@pytest.mark.parametrize("kind", ["mean", "ratio"])
def test_disjoint_users_add_to_the_whole_and_arrays_equal_scalars(kind: str) -> None:
    rng = np.random.default_rng(11)
    of: Any = cuped_of if kind == "mean" else cuped_ratio_of
    wide = 2 if kind == "mean" else 4
    one, other = np.floor(rng.gamma(2.0, 2.0, (2, wide, 3, 120))) + 1
    part = of(*one[:, 0, :50]) + of(*one[:, 0, 50:])
    assert part == of(*one[:, 0])
    for scale in ("absolute", "relative"):
        together: Any = compare(of(*one), of(*other), Settings(scale=scale))
        for i in range(3):
            alone = compare(of(*one[:, i]), of(*other[:, i]), Settings(scale=scale))
            numbers = ("effect", "low", "high", "p_value", "std_error", "e_value")
            assert [getattr(together, name)[i] for name in numbers] == pytest.approx(
                [getattr(alone, name) for name in numbers], rel=1e-12
            )


def test_a_lift_is_over_the_adjusted_control_where_gbstats_takes_the_plain_one() -> None:
    rng = np.random.default_rng(1)

    def arm(users: int, gain: float, ahead: float) -> tuple[Any, Any]:
        pre = rng.gamma(2, 1, users) + ahead
        return 0.8 * pre + gain * rng.gamma(1, 1, users), pre

    arm(5_000, 1.0, 0.0), arm(5_000, 1.1, 0.0)  # another world, drawn before the one written about
    control, treatment = arm(2_000, 1.0, 0.0), arm(9_000, 1.1, 0.1)
    c, t = np.cov(*control), np.cov(*treatment)
    theta = (c[0, 1] / 2_000 + t[0, 1] / 9_000) / (c[1, 1] / 2_000 + t[1, 1] / 9_000)
    own = [v[0, 0] + theta**2 * v[1, 1] - 2 * theta * v[0, 1] for v in (c, t)]
    plain, better = control[0].mean(), treatment[0].mean()
    gain = better - plain - theta * (treatment[1].mean() - control[1].mean())
    spread = (own[1] / 9_000 / plain**2 + own[0] / 2_000 * better**2 / plain**4) ** 0.5
    settings = Settings(method="fixed", interval="delta")
    found = compare(cuped_of(*control), cuped_of(*treatment), settings)
    assert (found.effect, found.std_error) == pytest.approx((0.023646, 0.009765), abs=5e-7)
    assert (gain / plain, spread) == pytest.approx((0.024336, 0.010338), abs=5e-7)


TEN = MeanSample(10, 20.0, 60.0)
RATIO = RatioSample(10, 5, 10, 20, 60, 14)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: CupedSample(RATIO, TEN, 1), "post"),  # type: ignore[arg-type]
        (lambda: CupedSample(TEN, 3, 1), "pre"),  # type: ignore[arg-type]
        (lambda: CupedSample(TEN, MeanSample(9, 1, 1), 2), "pre"),
        (lambda: CupedSample(TEN, TEN, "x"), "product"),  # type: ignore[arg-type]
        (lambda: CupedSample(TEN, MeanSample(np.full(3, 10), 1, 1), np.ones(2)), "post"),
        (lambda: CupedSample(TEN, TEN, float("inf")), "product"),
        (lambda: CupedSample(TEN, TEN, 60.1), "product"),
        (lambda: CupedSample(TEN, TEN, 19.9), "product"),
        (lambda: CupedSample(TEN, TEN, np.array([40.0, 60.1])), "product"),
        (lambda: CupedRatioSample(TEN, RATIO, 1, 1, 1, 1), "post"),  # type: ignore[arg-type]
        (lambda: CupedRatioSample(RATIO, RATIO, 11, 14, 14, 60), "num_pre_num"),
        (lambda: CupedRatioSample(RATIO, RATIO, 10, 30, 14, 60), "num_pre_den"),
        (lambda: CupedRatioSample(RATIO, RATIO, 10, 14, 30, 60), "den_pre_num"),
        (lambda: CupedRatioSample(RATIO, RATIO, 10, 14, 14, 61), "den_pre_den"),
    ],
)
def test_sums_no_data_can_have_are_refused_by_name(build: Callable[[], Any], field: str) -> None:
    with pytest.raises(SampleError) as refused:
        build()
    assert refused.value.field == field
    assert str(refused.value).startswith(field)


def test_an_adjusted_arm_is_not_compared_with_a_plain_one() -> None:
    with pytest.raises(SampleError, match="treatment must be of the control's kind"):
        compare(CupedSample(TEN, TEN, 60.0), TEN)
