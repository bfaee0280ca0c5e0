"""Power of one planned look: statsmodels' figures, and closed forms.

`T` is statsmodels 0.15 `TTestIndPower()`; its arms have equal variances and here equal sizes, where
Welch's degrees of freedom are Student's. `het` is its `normal_power_het` with the unpooled standard
error under both hypotheses.
"""

from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from experiments.stats import (
    CupedSample,
    MeanSample,
    ProportionSample,
    RatioSample,
    Reason,
    Settings,
)
from experiments.stats.planning import (
    Design,
    minimum_detectable_effect,
    power,
    sample_size,
)

SPEND = MeanSample(1_000, 3_000.0, 9_000 + 999 * 4.0)  # mean 3, variance 4
SHARE = ProportionSample(100_000, 10_000)


def fixed(**given: Any) -> Settings:
    return Settings(method="fixed", **given)


@pytest.mark.parametrize(
    ("given", "effect", "expected"),
    [
        ({}, 0.4, 0.5140816374803289),  # T.power(.2, 200, .05, 1)
        ({"alternative": "greater"}, 0.4, 0.6374854171623947),  # ... alternative="larger"
        # T.power(-.2, 200, .01, 1, alternative="smaller")
        ({"alternative": "less", "confidence": 0.99}, -0.4, 0.3695124437587912),
    ],
)
def test_power_is_that_of_students_t(given: Any, effect: float, expected: float) -> None:
    design = Design(baseline=SPEND, settings=fixed(scale="absolute", **given))
    assert power(design, effect, 400).power == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    ("given", "effect", "target", "per_arm"),
    [
        ({}, 0.2, 0.8, 1_571),  # T.solve_power(.1, alpha=.05, power=.8) 1570.73
        ({"alternative": "greater"}, 0.2, 0.9, 1_714),  # ... power=.9, "larger" 1713.45
    ],
)
def test_sample_size_is_that_of_students_t(
    given: Any, effect: float, target: float, per_arm: int
) -> None:
    design = Design(baseline=SPEND, settings=fixed(scale="absolute", **given))
    plan = sample_size(design, effect, power=target)
    assert (plan.control, plan.treatment, plan.reason) == (per_arm, per_arm, None)
    assert plan.users in (2 * per_arm, 2 * per_arm - 1)


def test_the_detectable_effect_solves_the_noncentral_t() -> None:
    critical = stats.t.isf(0.025, 9_998)

    def lacking(effect: float) -> float:
        tails = (
            stats.nct.sf(critical, 9_998, effect * 50),
            stats.nct.cdf(-critical, 9_998, effect * 50),
        )
        return float(sum(tails) - 0.8)

    expected = 2 * optimize.brentq(lacking, 0.05, 0.06, xtol=1e-14)
    design = Design(baseline=SPEND, settings=fixed(scale="absolute"))
    found = minimum_detectable_effect(design, 10_000)
    assert found.effect == pytest.approx(expected, rel=1e-10)
    assert found.reason is None


@pytest.mark.parametrize(
    ("weights", "given", "effect", "users", "expected"),
    [
        ((1, 1), {}, 0.1, 20_000, 0.6357058611395973),  # het of .1 -> .11, 10,000 an arm
        ((9, 1), {}, 0.1, 100_000, 0.8608952020433437),  # 90,000 and 10,000
        # het(.002, se of .1 - .98 * .1, 200,000 an arm, "larger"): a margin, and no effect
        ((1, 1), {"alternative": "greater", "margin": 0.02}, 0.0, 400_000, 0.685990729824508),
    ],
)
def test_shares_keep_their_own_variances(
    weights: Any, given: Any, effect: float, users: int, expected: float
) -> None:
    design = Design(baseline=SHARE, weights=weights, settings=fixed(**given))
    # Student's t with thousands of degrees of freedom against statsmodels' normal.
    assert power(design, effect, users).power == pytest.approx(expected, abs=1e-4)


def test_a_ratio_and_a_mean_of_the_same_mean_and_variance_need_the_same() -> None:
    per_visit = RatioSample(1_000, 3_000.0, 9_000 + 999 * 4.0, 1_000.0, 1_000.0, 3_000.0)
    assert (per_visit.mean, per_visit.variance) == pytest.approx((SPEND.mean, SPEND.variance))
    of_ratio = sample_size(Design(baseline=per_visit, settings=fixed()), 0.05)
    of_mean = sample_size(Design(baseline=SPEND, settings=fixed()), 0.05)
    assert of_ratio.users == of_mean.users


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_cuped_saves_users_in_proportion_to_the_variance_it_takes(method: Any) -> None:
    settings = Settings(method=method)
    plain = sample_size(Design(baseline=SPEND, settings=settings), 0.02)
    cuped = sample_size(Design(baseline=SPEND, settings=settings, variance_factor=0.64), 0.02)
    assert cuped.users == pytest.approx(0.64 * plain.users, rel=1e-3)


def test_a_sample_with_a_pre_period_brings_its_correlation() -> None:
    rng = np.random.default_rng(40)
    before = rng.gamma(2.0, 1.0, 5_000)
    after = before + rng.gamma(2.0, 1.0, 5_000)
    post, pre = (MeanSample(5_000, x.sum(), (x**2).sum()) for x in (after, before))
    left = 1 - np.corrcoef(after, before)[0, 1] ** 2
    cuped = Design(baseline=CupedSample(post, pre, (after * before).sum()), settings=fixed())
    told = Design(baseline=post, settings=fixed(), variance_factor=left)
    assert cuped.left == pytest.approx(left, rel=1e-9)
    assert sample_size(cuped, 0.05).users == sample_size(told, 0.05).users
    without = CupedSample(post, MeanSample(5_000, 0, 0), 0.0)
    assert Design(baseline=without).left == 1.0


def test_the_floor_takes_as_many_users_with_cuped_as_without() -> None:
    rare = ProportionSample(100_000, 100)
    for left in (1.0, 0.1):
        design = Design(baseline=rare, settings=fixed(), variance_factor=left)
        assert power(design, 1.0, 49_900).reason is Reason.COLLECTING
        assert power(design, 1.0, 49_960).reason is None


def test_of_several_arms_the_smallest_treatment_is_planned_for() -> None:
    # .6 control, .1 and .3: as 6 to 1 of .7 of the users, at half the level.
    several = Design(baseline=SPEND, weights=(6, 1, 3), settings=fixed())
    pair = Design(baseline=SPEND, weights=(6, 1), settings=fixed(), comparisons=2)
    assert power(several, 0.1, 10_000).power == pytest.approx(power(pair, 0.1, 7_000).power)
    plan = sample_size(several, 0.1)
    assert plan.treatment == np.ceil(plan.users / 10)
    assert plan.control == np.ceil(plan.users * 6 / 10)


def test_several_hypotheses_cost_power_as_holms_first_step_does() -> None:
    three = Design(baseline=SPEND, settings=fixed(), comparisons=3)
    one = Design(baseline=SPEND, settings=fixed(confidence=1 - 0.05 / 3))
    assert power(three, 0.1, 1_000).power == pytest.approx(power(one, 0.1, 1_000).power, rel=1e-12)


def test_certainty_is_no_gap_in_the_curve() -> None:
    design = Design(baseline=SPEND, settings=fixed())
    users = np.geomspace(1_000, 1e12, 60)
    found: Any = power(design, np.array([[-0.3], [0.3]]), users).power
    assert (np.diff(found, axis=1) >= -1e-9).all()
    assert (found[:, -1] == 1).all()
