"""Cochran's Q over segments: exact value, its law, and what does not count."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.stats import Reason, SampleError, heterogeneity
from tests.experiments.stats.binomial import at_least, at_most


def test_it_is_the_weighted_square_distance_from_the_weighted_mean() -> None:
    # By hand: weights 100, 25, 4; mean (10 + 0 - 1.2)/129; Q = sum w e^2 - (sum w e)^2 / sum w.
    result: Any = heterogeneity([0.1, 0.0, -0.3], [0.1, 0.2, 0.5])
    assert result.effect == pytest.approx(8.8 / 129, rel=1e-12)
    assert result.statistic == pytest.approx(1.36 - 8.8**2 / 129, rel=1e-12)
    assert (result.df, result.dropped, result.reason) == (2.0, 0.0, None)
    assert result.p_value == pytest.approx(stats.chi2.sf(1.36 - 8.8**2 / 129, 2), rel=1e-12)


def test_two_segments_are_the_z_test_of_their_difference() -> None:
    z = 0.2 / np.hypot(0.05, 0.08)
    result: Any = heterogeneity([0.3, 0.1], [0.05, 0.08])
    assert result.p_value == pytest.approx(2 * stats.norm.sf(z), rel=1e-10)


def test_a_segment_without_an_answer_is_dropped_and_said() -> None:
    whole: Any = heterogeneity([0.1, 0.3], [0.1, 0.1])
    holed: Any = heterogeneity([0.1, np.nan, 0.3, 0.2], [0.1, 0.1, 0.1, np.nan])
    assert holed.p_value == whole.p_value
    assert (holed.df, holed.dropped) == (1.0, 2.0)


@pytest.mark.parametrize("effects", [[], [0.1], [0.1, np.nan]])
def test_fewer_than_two_segments_have_nothing_to_differ(effects: Any) -> None:
    result: Any = heterogeneity(effects, np.full(len(effects), 0.1))
    assert result.reason is Reason.TOO_FEW_SEGMENTS
    assert np.isnan([result.p_value, result.statistic, result.df, result.effect]).all()


def test_many_at_once_equal_each_alone() -> None:
    effects = np.array([[0.1, 0.3, 0.2], [np.nan, 0.4, np.nan]])
    errors = np.full((2, 3), 0.1)
    result: Any = heterogeneity(effects, errors)
    assert result.reason.tolist() == [None, Reason.TOO_FEW_SEGMENTS]
    assert result.p_value[0] == heterogeneity(effects[0], errors[0]).p_value


def test_one_p_for_ten_segments_errs_as_often_as_it_says_and_ten_looks_do_not() -> None:
    worlds, errors = 4_000, np.linspace(0.05, 0.3, 10)
    effects = np.random.default_rng(41).normal(0.1, errors, (worlds, 10))
    result: Any = heterogeneity(effects, np.broadcast_to(errors, effects.shape))
    rejected = int((result.p_value < 0.05).sum())
    assert at_least(0.05, worlds) <= rejected <= at_most(0.05, worlds)
    alone = np.abs(effects - 0.1) / errors > stats.norm.isf(0.025)
    assert alone.any(axis=1).mean() > 0.3


@pytest.mark.parametrize(
    ("effects", "errors", "field"),
    [
        ([0.1, 0.2], [0.1], "std_errors"),
        ([0.1, 0.2], [0.1, 0.0], "std_errors"),
        ([0.1, 0.2], [0.1, -0.1], "std_errors"),
        (0.1, 0.1, "effects"),
        (["a", "b"], [0.1, 0.1], "effects"),
    ],
)
def test_impossible_input_is_refused_by_name(effects: Any, errors: Any, field: str) -> None:
    with pytest.raises(SampleError) as refused:
        heterogeneity(effects, errors)
    assert refused.value.field == field
