import numpy as np
import pytest
from scipy import stats

from recommenders.evaluation.bootstrap import Interval, interval
from recommenders.exceptions import EvaluationError

SKEWED = np.random.default_rng(1).beta(1, 4, 200)


def test_the_interval_is_the_percentiles_of_the_redrawn_mean() -> None:
    found = interval(SKEWED, resamples=20_000)
    peer = stats.bootstrap(
        (SKEWED,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert found.n == 200
    assert found.value == pytest.approx(SKEWED.mean())
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), abs=0.001)


def test_users_without_a_figure_are_left_out() -> None:
    assert interval([*SKEWED, np.nan]) == interval(SKEWED)


def test_the_same_seed_draws_the_same_users() -> None:
    assert interval(SKEWED, seed=5) == interval(SKEWED, seed=5)
    assert interval(SKEWED, seed=5) != interval(SKEWED, seed=6)


def test_one_user_gives_a_figure_and_no_interval() -> None:
    assert interval([0.5]) == Interval(n=1, value=0.5, low=None, high=None)
    with pytest.raises(EvaluationError, match="no user"):
        interval([np.nan])


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    covered = []
    for _ in range(600):
        found = interval(rng.beta(1, 4, 200), resamples=400, seed=int(rng.integers(1 << 30)))
        assert found.low is not None
        assert found.high is not None
        covered.append(found.low <= 0.2 <= found.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 600))
