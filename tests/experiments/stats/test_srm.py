"""Sample ratio: chi-square, its threshold, and what it refuses."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.stats import Reason, SampleError, check_srm


def test_it_matches_the_independent_engine_and_scipy() -> None:
    result = check_srm([5000, 4700], [0.5, 0.5])
    assert result.p_value == pytest.approx(0.00231878, abs=5e-9)
    assert result.p_value == pytest.approx(stats.chisquare([5000, 4700]).pvalue, rel=1e-12)
    assert result.healthy is True
    assert result.reason is None


def test_below_one_in_a_thousand_is_unhealthy() -> None:
    observed, weights = [9_000, 1_100, 1_000], [0.8, 0.1, 0.1]
    result = check_srm(observed, weights)
    expected = np.array(weights) * 11_100
    assert result.p_value == pytest.approx(stats.chisquare(observed, expected).pvalue, rel=1e-9)
    assert result.p_value > 0.001
    assert result.healthy is True
    assert check_srm([9_000, 1_200, 1_000], weights).healthy is False


def test_weights_may_come_in_any_unit() -> None:
    parts, shares = check_srm([620, 300], [2, 1]), check_srm([620, 300], [2 / 3, 1 / 3])
    assert parts.p_value == pytest.approx(shares.p_value, rel=1e-12)


def test_with_too_few_expected_users_there_is_no_p() -> None:
    for observed in ([0, 0], [5, 4], [400, 0]):
        result = check_srm(observed, [0.99, 0.01])
        assert np.isnan(result.p_value)
        assert result.healthy is None
        assert result.reason is Reason.TOO_FEW_USERS


def test_a_result_unpacks_into_its_fields() -> None:
    p_value, healthy, reason = check_srm([900, 600], [0.5, 0.5])
    assert (p_value, healthy, reason) == (stats.chi2.sf(60.0, 1), False, None)
    p_value, healthy, reason = check_srm([5, 4], [0.99, 0.01])
    assert np.isnan(p_value)
    assert (healthy, reason) == (None, Reason.TOO_FEW_USERS)


def test_many_checks_at_once_equal_each_alone() -> None:
    result: Any = check_srm(np.array([[5000, 4700], [1, 2], [900, 600]]), [0.5, 0.5])
    assert result.healthy.tolist() == [True, None, False]
    assert result.reason.tolist() == [None, Reason.TOO_FEW_USERS, None]
    assert result.p_value[2] == check_srm([900, 600], [0.5, 0.5]).p_value


@pytest.mark.parametrize(
    ("observed", "weights", "field"),
    [
        ([5000], [1.0], "observed"),
        ([-1, 5], [0.5, 0.5], "observed"),
        ([float("nan"), 5], [0.5, 0.5], "observed"),
        (["a", "b"], [0.5, 0.5], "observed"),
        ([10**400, 1], [0.5, 0.5], "observed"),
        ([1, 1], [1, 10**400], "expected_weights"),
        ([5, 5], [0.5, 0.3, 0.2], "expected_weights"),
        ([5, 5], [1.0, 0.0], "expected_weights"),
        ([5, 5], [1.0, -1.0], "expected_weights"),
    ],
)
def test_impossible_input_is_refused_by_name(observed: Any, weights: Any, field: str) -> None:
    with pytest.raises(SampleError) as refused:
        check_srm(observed, weights)
    assert refused.value.field == field
