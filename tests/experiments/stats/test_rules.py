"""One test per rule of the statistics that lives here; each fails when its rule is broken."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import MeanSample, ProportionSample, RatioSample, Reason, Settings, compare

NUMBERS = ("effect", "low", "high", "p_value", "std_error", "df")


def missing(result: Any) -> set[str]:
    return {name for name in NUMBERS if np.isnan(getattr(result, name))}


def test_rule_1_a_ratio_takes_its_precision_from_users_not_from_impressions() -> None:
    # 200 users, half of whom click on everything: 100 impressions each say no more than one does.
    users, shown = 200, 100.0
    clicks = users / 2 * shown
    sums = (clicks, clicks * shown, users * shown, users * shown**2, clicks * shown)
    sample = RatioSample(users, *sums)
    per_impression = ProportionSample(users * shown, clicks)
    assert sample.std_error == pytest.approx(0.5 / (users - 1) ** 0.5, rel=1e-12)
    assert sample.std_error > 9.9 * per_impression.std_error


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_rule_4_relative_and_absolute_share_one_p_and_one_verdict(method: Any) -> None:
    # The absolute test rejects (p .0315) where the linearised relative one does not (p .0791).
    arms = ProportionSample(10_000, 46), ProportionSample(10_000, 69)
    relative: Any = compare(*arms, Settings(method=method))
    absolute: Any = compare(*arms, Settings(method=method, scale="absolute"))
    assert relative.p_value == absolute.p_value
    assert (relative.low > 0) == (absolute.low > 0) == (relative.p_value < 0.05)


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_rule_4_a_control_near_zero_leaves_the_lift_open_above(method: Any) -> None:
    control, treatment = ProportionSample(5_000, 3), ProportionSample(5_000, 60)
    result: Any = compare(control, treatment, Settings(method=method))
    assert result.reason is Reason.CONTROL_MEAN_NEAR_ZERO
    assert result.high == np.inf
    assert result.low > 1.0
    assert result.p_value < 0.05
    unclear = compare(control, ProportionSample(5_000, 2), Settings(method=method))
    assert (unclear.low, unclear.high) == (-1.0, np.inf)


def test_rule_4_a_metric_that_can_be_negative_has_no_interval_there() -> None:
    control = MeanSample(1_000, 10.0, 1_000.0)
    result: Any = compare(control, MeanSample(1_000, -200.0, 1_000.0), Settings())
    assert result.reason is Reason.CONTROL_MEAN_NEAR_ZERO
    assert missing(result) == {"low", "high", "df"}
    assert result.p_value < 0.05


def test_rule_5_the_default_is_wider_than_the_fixed_interval_at_every_size() -> None:
    n = np.array([500, 5_000, 50_000, 5e6])
    control, treatment = ProportionSample(n, n * 0.2), ProportionSample(n, n * 0.2)
    always: Any = compare(control, treatment, Settings(scale="absolute"))
    fixed: Any = compare(control, treatment, Settings(scale="absolute", method="fixed"))
    assert always.method == "sequential"
    assert ((always.high - always.low) > 1.5 * (fixed.high - fixed.low)).all()


def test_rule_5_the_width_depends_on_the_users_of_both_arms_together() -> None:
    even = ProportionSample(5_000, 1_000), ProportionSample(5_000, 1_000)
    uneven = ProportionSample(9_000, 1_800), ProportionSample(1_000, 200)
    results = [compare(*arms, Settings(scale="absolute")) for arms in (even, uneven)]
    first, second = [(r.high - r.effect) / r.std_error for r in results]
    assert first == pytest.approx(second, rel=1e-12)


def test_rule_6_below_the_floor_the_numbers_stand_but_the_reason_is_collecting() -> None:
    low_users = compare(ProportionSample(99, 50), ProportionSample(5_000, 2_500))
    low_precision = compare(
        ProportionSample(90_000, 450), ProportionSample(10_000, 24), Settings(scale="absolute")
    )
    enough = compare(ProportionSample(90_000, 450), ProportionSample(10_000, 26))
    assert low_users.reason is low_precision.reason is Reason.COLLECTING
    assert missing(low_precision) == {"df"}
    assert enough.reason is None


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("method", ["fixed", "sequential"])
@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        (ProportionSample(0, 0), ProportionSample(0, 0), Reason.TOO_FEW_USERS),
        (ProportionSample(1, 1), ProportionSample(900, 90), Reason.TOO_FEW_USERS),
        (ProportionSample(900, 0), ProportionSample(900, 0), Reason.ZERO_VARIANCE),
        (ProportionSample(900, 90), ProportionSample(900, 900), Reason.ZERO_VARIANCE),
        (MeanSample(900, 900, 900), MeanSample(900, 900, 1800), Reason.ZERO_VARIANCE),
        (
            RatioSample(900, 0, 0, 0, 0, 0),
            RatioSample(900, 90, 90, 900, 900, 90),
            Reason.ZERO_DENOMINATOR,
        ),
    ],
)
def test_rule_12_where_there_is_no_number_there_is_a_reason(
    control: Any, treatment: Any, reason: Any, scale: Any, method: Any
) -> None:
    result: Any = compare(control, treatment, Settings(scale=scale, method=method))
    assert result.reason is reason
    assert {"low", "high", "p_value", "std_error", "df"} <= missing(result)


def test_rule_12_a_lift_on_a_negative_baseline_is_refused_and_the_difference_is_not() -> None:
    control, treatment = MeanSample(500, -900.0, 2_500.0), MeanSample(500, -500.0, 2_000.0)
    relative: Any = compare(control, treatment, Settings(method="fixed"))
    absolute: Any = compare(control, treatment, Settings(method="fixed", scale="absolute"))
    assert relative.reason is Reason.CONTROL_MEAN_NEGATIVE
    assert missing(relative) == set(NUMBERS)
    assert absolute.reason is None
    assert absolute.effect == pytest.approx(0.8, rel=1e-12)


def test_rule_12_a_lift_by_delta_on_a_weak_baseline_is_marked() -> None:
    arms = ProportionSample(5_000, 3), ProportionSample(5_000, 60)
    result: Any = compare(*arms, Settings(method="fixed", interval="delta"))
    assert result.reason is Reason.CONTROL_MEAN_NEAR_ZERO
