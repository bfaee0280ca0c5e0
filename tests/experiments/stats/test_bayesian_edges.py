"""Posteriors of shares at their ends: nobody, everybody, a normal prior, and too many users."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.stats import (
    MeanSample,
    NormalPrior,
    ProportionSample,
    Reason,
    Settings,
)
from experiments.stats import compare as stats_compare

compare: Any = stats_compare
Counts = tuple[int, int]


def shares(control: Counts, treatment: Counts) -> tuple[ProportionSample, ProportionSample]:
    return ProportionSample(*control), ProportionSample(*treatment)


def bayes(**given: Any) -> Settings:
    return Settings(method="bayesian", **given)


def law(n: int, successes: int) -> Any:
    return stats.beta(successes + 1, n - successes + 1)


@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        ((900, 0), (900, 9), Reason.COLLECTING),
        ((900, 9), (800, 0), Reason.COLLECTING),
        ((900, 0), (900, 0), Reason.COLLECTING),
        ((900, 900), (900, 890), None),
        ((700, 690), (900, 900), None),
    ],
)
def test_nobody_or_everybody_of_an_arm_leaves_a_posterior(
    control: Counts, treatment: Counts, reason: Any
) -> None:
    """Against the trapezium rule over the control's quantiles, which shares nothing with it."""
    found = compare(*shares(control, treatment), bayes(scale="absolute"))
    c, t = law(*control), law(*treatment)
    x = np.linspace(c.ppf(1e-15), c.ppf(1 - 1e-15), 400_001)
    weight = c.pdf(x)

    def below(gap: float) -> float:
        return float(np.trapezoid(weight * t.cdf(x + gap), x))

    more = stats.beta(t.args[0] + 1, t.args[1])
    loss = np.trapezoid(weight * (x * t.cdf(x) - t.mean() * more.cdf(x)), x)
    assert found.chance_to_win == pytest.approx(1 - below(0.0), abs=1e-8)
    assert found.expected_loss == pytest.approx(loss, rel=1e-6)
    assert (below(found.low), below(found.high)) == pytest.approx((0.025, 0.975), abs=1e-8)
    assert found.effect == pytest.approx(t.mean() - c.mean(), rel=1e-9, abs=1e-15)
    assert found.std_error == pytest.approx((t.var() + c.var()) ** 0.5, rel=1e-12)
    assert found.reason is reason


def test_a_lift_on_a_control_of_nobody_has_ends_and_a_chance_and_no_mean() -> None:
    found = compare(*shares((900, 0), (900, 9)), bayes())
    c, t = law(900, 0), law(900, 9)
    x = np.linspace(0.0, c.ppf(1 - 1e-15), 400_001)
    ends = [np.trapezoid(c.pdf(x) * t.cdf(x * (1 + end)), x) for end in (found.low, found.high)]
    assert ends == pytest.approx([0.025, 0.975], abs=1e-8)
    assert found.chance_to_win == pytest.approx(
        compare(*shares((900, 0), (900, 9)), bayes(scale="absolute")).chance_to_win, abs=1e-12
    )
    assert np.isnan([found.effect, found.std_error, found.expected_loss]).all()
    assert found.reason is Reason.CONTROL_MEAN_NEAR_ZERO


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_a_normal_prior_on_shares_gives_the_normal_posterior(scale: Any) -> None:
    arms = shares((10_000, 460), (10_000, 520))
    fixed = compare(*arms, Settings(method="fixed", scale=scale, interval="delta"))
    d, s = fixed.effect, fixed.std_error
    found = compare(*arms, bayes(scale=scale, prior=NormalPrior(mean=-s, sd=2 * s)))
    after = stats.norm(0.8 * d - 0.2 * s, 0.8**0.5 * s)
    assert (found.effect, found.std_error) == pytest.approx((after.mean(), after.std()), rel=1e-12)
    assert (found.low, found.high) == pytest.approx(after.interval(0.95), rel=1e-12)
    assert found.chance_to_win == pytest.approx(after.sf(0), rel=1e-12)
    nobody = compare(*shares((900, 0), (900, 9)), bayes(scale=scale, prior=NormalPrior(sd=0.1)))
    assert nobody.reason is Reason.ZERO_VARIANCE


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("n", [10**15, 10**16, 10**18])
def test_so_many_users_that_digits_run_out_have_a_reason(n: int, scale: Any) -> None:
    found = compare(*shares((n, n // 20), (n, n // 20 + 1)), bayes(scale=scale))
    assert found.reason is Reason.BEYOND_PRECISION
    assert np.isnan([found.low, found.high, found.std_error]).all()
    assert np.isnan([found.chance_to_win, found.expected_loss]).all()
    assert found.effect == pytest.approx(0.0, abs=1e-13)


def test_up_to_there_the_chance_is_the_normal_laws() -> None:
    n = 10**14
    arms = shares((n, n // 20), (n, n // 20 + 6 * 10**6))
    found = compare(*arms, bayes(scale="absolute"))
    z = 6e6 / (2 * 0.05 * 0.95 * n) ** 0.5
    assert found.chance_to_win == pytest.approx(stats.norm.cdf(z), abs=5e-6)
    assert found.reason is None
    assert compare(*arms, Settings(method="fixed")).reason is None


def test_an_array_gives_each_element_its_own_reason() -> None:
    control = ProportionSample(np.array([900.0, 900.0, 1e16]), np.array([90.0, 0.0, 5e14]))
    found = compare(control, control, bayes(scale="absolute"))
    assert found.reason.tolist() == [None, Reason.COLLECTING, Reason.BEYOND_PRECISION]
    assert np.isfinite(found.low).tolist() == [True, True, False]
    means = MeanSample(900, np.array([90.0, 0.0]), np.array([90.0, 0.0]))
    assert compare(means, means, bayes()).reason.tolist() == [None, Reason.ZERO_VARIANCE]
