"""How often a test looked at once rejects where there is nothing: alpha, whatever the arms."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import ProportionSample, Settings
from tests.experiments.stats.binomial import at_least, at_most
from tests.experiments.stats.worlds import heavy_tailed_ctr, means, ratios, rejected, shares

WORLDS = 4_000
ALTERNATIVES = ["two-sided", "greater", "less"]


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("scale", ["relative", "absolute"])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_proportions(share: float, scale: Any, alternative: Any) -> None:
    rng, treated = np.random.default_rng(11), int(20_000 * share)
    control = shares(rng, n=20_000 - treated, rate=0.1, worlds=WORLDS)
    treatment = shares(rng, n=treated, rate=0.1, worlds=WORLDS)
    settings = Settings(method="fixed", scale=scale, alternative=alternative)
    # One side of an uneven split is a little off: a small arm's variance follows its luck.
    low, high = (0.04, 0.06) if share == 0.1 and alternative != "two-sided" else (0.05, 0.05)
    count = rejected(control, treatment, settings)
    assert at_least(low, WORLDS) <= count <= at_most(high, WORLDS)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_means_of_skewed_values(share: float) -> None:
    rng, treated = np.random.default_rng(12), int(2_000 * share)
    control, treatment = (rng.gamma(0.5, 2.0, (WORLDS, n)) for n in (2_000 - treated, treated))
    count = rejected(means(control), means(treatment), Settings(method="fixed"))
    assert at_least(0.045, WORLDS) <= count <= at_most(0.06, WORLDS)


def test_unequal_variances_in_unequal_arms() -> None:
    """Where Student's pooled variance would reject two in five."""
    rng = np.random.default_rng(13)
    control = means(rng.normal(10, 1, (WORLDS, 900)))
    treatment = means(rng.normal(10, 4, (WORLDS, 100)))
    count = rejected(control, treatment, Settings(method="fixed"))
    assert at_least(0.05, WORLDS) <= count <= at_most(0.05, WORLDS)


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_ratios(share: float) -> None:
    rng, worlds, users = np.random.default_rng(14), 2_000, 2_000
    arms = []
    for n in (int(users * (1 - share)), int(users * share)):
        seen = 1 + rng.poisson(6, (worlds, n))
        clicks = rng.binomial(seen, rng.beta(2, 18, (worlds, n)))
        arms.append(ratios(clicks.astype(float), seen.astype(float)))
    count = rejected(arms[0], arms[1], Settings(method="fixed"))
    assert at_least(0.045, worlds) <= count <= at_most(0.055, worlds)


def test_rule_1_the_delta_method_holds_in_a_heavy_tailed_world_and_impressions_do_not() -> None:
    rng, worlds = np.random.default_rng(14), 1_000
    control, treatment = (heavy_tailed_ctr(rng, users=800, worlds=worlds) for _ in range(2))
    fixed = Settings(method="fixed")
    # 6.5%: normal theory is a little optimistic about 800 users with such tails.
    assert rejected(control, treatment, fixed) <= at_most(0.065, worlds)
    by_impression = [
        ProportionSample(arm.denominator, arm.numerator) for arm in (control, treatment)
    ]
    assert rejected(by_impression[0], by_impression[1], fixed) > 0.2 * worlds


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_a_loss_of_just_the_margin_is_called_safe_in_one_of_twenty(alternative: Any) -> None:
    rng = np.random.default_rng(15)
    control = shares(rng, n=20_000, rate=0.2, worlds=WORLDS)
    at_margin = 0.2 * (0.95 if alternative == "greater" else 1.05)
    treatment = shares(rng, n=20_000, rate=at_margin, worlds=WORLDS)
    settings = Settings(method="fixed", alternative=alternative, margin=0.05)
    count = rejected(control, treatment, settings)
    assert at_least(0.05, WORLDS) <= count <= at_most(0.05, WORLDS)


def test_rule_2_the_days_of_users_who_return_do_not_add() -> None:
    """Fourteen days of people whose taste lasts: one row per user holds, daily samples do not."""
    rng, worlds, users, days = np.random.default_rng(16), 1_000, 300, 14
    fixed = Settings(method="fixed")
    total, daily = [], []
    for _ in range(2):
        taste = rng.gamma(0.7, 1.0, (worlds, users, 1))
        clicks = rng.poisson(taste * rng.poisson(0.5, (worlds, users, days))).astype(float)
        total.append(means(clicks.sum(axis=2)))
        came = [means(clicks[:, :, day]) for day in range(days)]
        added = came[0]
        for day in came[1:]:
            added = added + day
        daily.append(added)
    assert rejected(total[0], total[1], fixed) <= at_most(0.055, worlds)
    assert rejected(daily[0], daily[1], fixed) > 0.2 * worlds
