"""The floor: users and precision missing, in numbers."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import MeanSample, ProportionSample, Reason, floor


def test_a_small_arm_says_how_many_users_are_missing() -> None:
    result: Any = floor(ProportionSample(60, 30))
    assert (result.users, result.users_missing) == (60, 40)
    assert result.precision == pytest.approx(60, rel=1e-12)
    assert result.precision_missing == 0.0
    assert result.reason is Reason.COLLECTING


def test_a_rare_outcome_says_how_much_precision_is_missing() -> None:
    result: Any = floor(ProportionSample(10_000, 16))
    assert result.users_missing == 0.0
    assert result.precision == pytest.approx(16 / (1 - 0.0016), rel=1e-12)
    assert result.precision_missing == pytest.approx(25 - 16 / (1 - 0.0016), rel=1e-12)
    assert result.reason is Reason.COLLECTING


def test_an_arm_exactly_on_the_floor_is_judged() -> None:
    # Mean 5 and variance 100 of 100 users: a standard error of 1, and no rounding anywhere.
    result: Any = floor(MeanSample(100, 500.0, 12_400.0))
    assert (result.precision, result.precision_missing, result.reason) == (25.0, 0.0, None)
    assert floor(MeanSample(100, 500.0, 12_401.0)).reason is Reason.COLLECTING
    assert floor(ProportionSample(100, 50)).reason is None
    assert floor(ProportionSample(99, 50)).reason is Reason.COLLECTING


@pytest.mark.parametrize("nothing", [ProportionSample(0, 0), MeanSample(1, 3, 9)])
def test_without_a_variance_all_precision_is_missing(nothing: Any) -> None:
    assert floor(nothing).precision == 0.0
    assert floor(nothing).precision_missing == 25.0
    assert floor(nothing).reason is Reason.COLLECTING


def test_arms_are_measured_together_when_they_come_as_arrays() -> None:
    result: Any = floor(ProportionSample(np.array([60, 10_000]), np.array([30, 46])))
    assert result.users_missing.tolist() == [40.0, 0.0]
    assert result.reason.tolist() == [Reason.COLLECTING, None]
