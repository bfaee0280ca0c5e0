"""Critical values: the formula of the sequential boundary, its inverse, and Welch's t."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.stats import running_minimum
from experiments.stats.critical import Sequential, Student

USERS = np.array([100.0, 5_000.0, 20_000.0, 3e6])


def written_out(n: float, alpha: float, tuning: float, *, one_sided: bool) -> float:
    level = 2 * alpha if one_sided else alpha
    rho2 = (-2 * math.log(level) + math.log(-2 * math.log(level) + 1)) / tuning
    x = n * rho2
    root = math.sqrt(x + 1)
    log = math.log(1 + root / (2 * alpha)) if one_sided else math.log(root / alpha)
    return math.sqrt(2 * (x + 1) / x * log)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_the_sequential_boundary_is_the_formula_with_alpha_whole(
    alternative: Any, alpha: Any
) -> None:
    boundary = Sequential(users=USERS, alpha=alpha, alternative=alternative, tuning=5000)
    one_sided = alternative != "two-sided"
    expected = [written_out(n, alpha, 5000, one_sided=one_sided) for n in USERS]
    assert boundary.critical() == pytest.approx(expected, rel=1e-14)


def test_the_sequential_boundary_at_its_tuning_is_worked_out_by_hand() -> None:
    boundary = Sequential(users=np.array(5000.0), alpha=0.05, alternative="two-sided", tuning=5000)
    # x = -2 ln .05 + ln(1 - 2 ln .05) = 7.93615, sqrt(x + 1) = 2.98934.
    assert float(boundary.critical()) == pytest.approx(3.03521, abs=5e-6)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("family", ["sequential", "student"])
def test_p_is_alpha_exactly_at_the_critical_value(family: str, alternative: Any) -> None:
    sign = -1 if alternative == "less" else 1
    for alpha in (0.001, 0.05, 0.3):
        boundary = (
            Sequential(users=USERS, alpha=alpha, alternative=alternative, tuning=5000)
            if family == "sequential"
            else Student(df=USERS, alpha=alpha, alternative=alternative)
        )
        p = boundary.p_value(sign * boundary.critical())
        assert p == pytest.approx(np.full(4, alpha), rel=1e-9)


def test_one_side_is_nearly_two_sides_at_twice_alpha() -> None:
    two = Sequential(users=USERS, alpha=0.05, alternative="two-sided", tuning=5000).critical()
    one = Sequential(users=USERS, alpha=0.05, alternative="greater", tuning=5000).critical()
    wide = Sequential(users=USERS, alpha=0.1, alternative="two-sided", tuning=5000).critical()
    assert (one < two).all()
    assert one == pytest.approx(wide, rel=0.02)


def test_evidence_in_the_wrong_direction_has_p_one() -> None:
    boundary = Sequential(users=USERS, alpha=0.05, alternative="greater", tuning=5000)
    assert boundary.p_value(np.array([-9.0, -1.0, 0.0, -0.1])).tolist() == [1.0] * 4


def test_student_is_scipys_t() -> None:
    df = np.array([1.5, 8.0, 400.0])
    z = np.array([-2.0, 0.3, 4.0])
    two = Student(df=df, alpha=0.05, alternative="two-sided")
    less = Student(df=df, alpha=0.05, alternative="less")
    assert two.critical() == pytest.approx(stats.t.isf(0.025, df), rel=1e-12)
    assert two.p_value(z) == pytest.approx(2 * stats.t.sf(np.abs(z), df), rel=1e-12)
    assert less.critical() == pytest.approx(stats.t.isf(0.05, df), rel=1e-12)
    assert less.p_value(z) == pytest.approx(stats.t.cdf(z, df), rel=1e-12)


def test_the_shown_p_is_the_smallest_so_far_over_judged_looks() -> None:
    looks = np.array([np.nan, 0.01, 0.4, 0.6, np.nan, 0.2])
    assert running_minimum(looks)[1:].tolist() == [0.01] * 5
    judged = np.array([False, False, True, True, True, True])
    shown = running_minimum(looks, judged=judged)
    assert np.isnan(shown[:2]).all()
    assert shown[2:].tolist() == [0.4, 0.4, 0.4, 0.2]
