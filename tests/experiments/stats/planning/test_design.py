"""What a plan refuses, what it has no answer for, and that its three questions agree."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import (
    MeanSample,
    ProportionSample,
    RatioSample,
    Reason,
    SampleError,
    Settings,
    SettingsError,
)
from experiments.stats.planning import (
    Design,
    minimum_detectable_effect,
    power,
    sample_size,
)

SHARE = ProportionSample(100_000, 5_000)
DESIGN = Design(baseline=SHARE)
METHODS = [Settings(method="fixed"), Settings()]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"baseline": ProportionSample(np.array([9, 9]), 3)}, "baseline"),
        ({"weights": (1.0,)}, "weights"),
        ({"weights": (1.0, 0.0)}, "weights"),
        ({"weights": (1.0, float("nan"))}, "weights"),
        ({"variance_factor": 0.0}, "variance_factor"),
        ({"variance_factor": 1.01}, "variance_factor"),
        ({"comparisons": 0}, "comparisons"),
        ({"comparisons": 1.5}, "comparisons"),
        ({"looks": 0}, "looks"),
        ({"looks": 101}, "looks"),
    ],
)
def test_a_design_names_the_field_that_is_wrong(given: Any, field: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Design(**({"baseline": SHARE} | given))
    assert caught.value.field == field


@pytest.mark.parametrize("target", [0.05, 1.0, 0.0, float("nan")])
def test_a_power_below_the_level_or_of_certainty_is_refused(target: float) -> None:
    with pytest.raises(SettingsError, match="power must lie between"):
        sample_size(DESIGN, 0.1, power=target)
    with pytest.raises(SettingsError, match="power must lie between"):
        minimum_detectable_effect(DESIGN, 1_000, power=target)


def test_users_effects_and_tuning_must_be_numbers_that_fit() -> None:
    for effect, users, field in (
        (0.1, 0, "users"),
        (0.1, -3, "users"),
        (float("nan"), 9, "effect"),
        (np.zeros(3), np.ones(2), "users"),
    ):
        with pytest.raises(SampleError) as caught:
            power(DESIGN, effect, users)
        assert caught.value.field == field
    with pytest.raises(SettingsError, match="tuning"):
        power(DESIGN, 0.1, 1_000, tuning=0)


@pytest.mark.parametrize("settings", METHODS)
@pytest.mark.parametrize(
    ("baseline", "effect", "reason"),
    [
        (ProportionSample(500, 0), 0.1, Reason.ZERO_VARIANCE),
        (MeanSample(500, 500, 500), 0.1, Reason.ZERO_VARIANCE),
        (MeanSample(0, 0, 0), 0.1, Reason.ZERO_DENOMINATOR),
        (MeanSample(1, 3, 9), 0.1, Reason.TOO_FEW_USERS),
        (RatioSample(900, 0, 0, 0, 0, 0), 0.1, Reason.ZERO_DENOMINATOR),
        (MeanSample(500, -100, 900), 0.1, Reason.CONTROL_MEAN_NEGATIVE),
        (MeanSample(500, 0, 900), 0.1, Reason.BASELINE_MEAN_ZERO),
        (ProportionSample(500, 250), 1.0, Reason.IMPOSSIBLE_EFFECT),
        (ProportionSample(500, 250), -1.0, Reason.IMPOSSIBLE_EFFECT),
    ],
)
def test_rule_12_where_there_is_no_plan_there_is_a_reason(
    baseline: Any, effect: float, reason: Reason, settings: Settings
) -> None:
    design = Design(baseline=baseline, settings=settings)
    chance: Any = power(design, effect, 1_000)
    plan: Any = sample_size(design, effect)
    assert (chance.reason, plan.reason) == (reason, reason)
    assert np.isnan([chance.power, plan.users, plan.control, plan.treatment, plan.tuning]).all()
    if reason is not Reason.IMPOSSIBLE_EFFECT:
        smallest = minimum_detectable_effect(design, 1_000)
        assert smallest.reason is reason
        assert np.isnan(smallest.effect)


@pytest.mark.parametrize("settings", METHODS)
def test_no_users_show_that_nothing_is_something(settings: Settings) -> None:
    assert sample_size(Design(baseline=SHARE, settings=settings), 0.0).reason is (
        Reason.UNREACHABLE_POWER
    )


def test_no_users_show_a_loss_to_be_a_gain() -> None:
    design = Design(baseline=SHARE, settings=Settings(alternative="greater"))
    plan: Any = sample_size(design, np.array([-0.1, 0.1]))
    assert plan.reason.tolist() == [Reason.UNREACHABLE_POWER, None]
    assert np.isnan(plan.users).tolist() == [True, False]


@pytest.mark.parametrize("settings", METHODS)
def test_below_the_floor_there_is_no_power_and_nothing_detectable(settings: Settings) -> None:
    # A share of 5% has a precision of 25 from 475 users an arm on.
    design = Design(baseline=SHARE, settings=settings)
    found: Any = power(design, 3.0, np.array([940, 1_000]))
    assert found.reason.tolist() == [Reason.COLLECTING, None]
    assert found.power[0] == 0.0
    assert found.power[1] > 0.99
    assert minimum_detectable_effect(design, 940).reason is Reason.UNREACHABLE_POWER
    assert 949 <= sample_size(design, 3.0).users <= 951


def test_a_difference_from_a_mean_of_zero_never_passes_the_floor() -> None:
    design = Design(baseline=MeanSample(500, 0, 900), settings=Settings(scale="absolute"))
    assert power(design, 1.0, 1e9).reason is Reason.COLLECTING
    assert sample_size(design, 1.0).reason is Reason.UNREACHABLE_POWER


@pytest.mark.parametrize("interval", ["fieller", "delta"])
@pytest.mark.parametrize("scale", ["relative", "absolute"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_size_effect_and_power_are_one_relation(
    method: Any, alternative: Any, scale: Any, interval: Any
) -> None:
    settings = Settings(method=method, alternative=alternative, scale=scale, interval=interval)
    design = Design(baseline=SHARE, weights=(0.9, 0.1), settings=settings)
    size = (0.1 if scale == "relative" else 0.005) * (-1 if alternative == "less" else 1)
    plan = sample_size(design, size, power=0.9)
    assert power(design, size, plan.users).power == pytest.approx(0.9, abs=1e-4)
    assert power(design, size, plan.users - 1).power < 0.9 <= power(design, size, plan.users).power
    smallest = minimum_detectable_effect(design, plan.users, power=0.9)
    assert smallest.effect == pytest.approx(size, rel=1e-4)


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_a_margin_makes_no_effect_detectable(method: Any) -> None:
    settings = Settings(method=method, alternative="greater", margin=0.05)
    design = Design(baseline=SHARE, settings=settings)
    plan = sample_size(design, 0.0)
    assert minimum_detectable_effect(design, plan.users).effect == pytest.approx(0.0, abs=1e-5)
    assert minimum_detectable_effect(design, 4 * plan.users).effect == pytest.approx(
        -0.025, abs=5e-4
    )


@pytest.mark.parametrize("settings", METHODS)
def test_arrays_equal_their_elements_one_by_one(settings: Settings) -> None:
    design = Design(baseline=SHARE, settings=settings)
    effects, users = np.array([-0.3, 0.0, 0.05, 0.2]), np.array([900, 9_000, 90_000, 5e5])
    curve: Any = power(design, effects[:, None], users)
    plans: Any = sample_size(design, effects)
    smallest: Any = minimum_detectable_effect(design, users)
    assert curve.power.shape == (4, 4)
    for i, effect in enumerate(effects):
        alone = sample_size(design, effect)
        np.testing.assert_array_equal(plans.users[i], alone.users)
        assert plans.reason[i] is alone.reason
        for j, amount in enumerate(users):
            np.testing.assert_allclose(
                curve.power[i, j], power(design, effect, amount).power, rtol=1e-12
            )
    for j, amount in enumerate(users):
        one = minimum_detectable_effect(design, amount)
        np.testing.assert_allclose(smallest.effect[j], one.effect, rtol=1e-12)
        assert smallest.reason[j] is one.reason
