import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recommenders.evaluation.shown import (
    coverage,
    diversity,
    exposure_shares,
    gini,
    novelty,
    popularity,
    popularity_lift,
)

SLATES = np.array([[0, 1], [0, -1], [-1, -1]])
PEOPLE = np.array([4, 1, 0, 8])  # of 8 users


def test_coverage_counts_different_items_and_no_padding() -> None:
    assert coverage(SLATES, n_items=8) == 0.25


def test_gini_is_0_for_alike_and_towards_1_for_one_alone() -> None:
    assert gini(np.array([[0, 1], [2, 3]]), 4) == pytest.approx(0.0)
    assert gini(np.array([[0, 0], [0, 0]]), 4) == pytest.approx(3 / 4)
    assert gini(SLATES, 2) == pytest.approx(1 / 6)  # shown twice and once: |2 - 1| / (2 * 3)
    assert np.isnan(gini(np.array([[-1]]), 4))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_gini_is_the_mean_difference_of_all_pairs_of_items(shown: list[int]) -> None:
    counts = np.bincount(shown, minlength=10)
    apart = np.abs(counts[:, None] - counts[None, :]).sum()
    assert gini(np.array([shown]), 10) == pytest.approx(apart / (2 * 10 * counts.sum()))


def test_novelty_is_bits_and_an_item_nobody_met_counts_as_met_by_one() -> None:
    found = novelty(np.array([[0, 1], [2, 3], [-1, -1]]), PEOPLE, 8)
    np.testing.assert_allclose(found, [(1 + 3) / 2, (3 + 0) / 2, np.nan])


def test_popularity_is_the_share_of_users_who_met_what_is_shown() -> None:
    np.testing.assert_allclose(popularity(SLATES, PEOPLE, 8), [(4 + 1) / 16, 0.5, np.nan])


def test_popularity_lift_is_of_the_means_over_users() -> None:
    shown, chosen = np.array([0.6, 0.2, np.nan]), np.array([0.2, 0.3, 0.9])
    parts = popularity_lift(shown, chosen)
    assert np.nanmean(parts) == pytest.approx(0.8 / 0.5 - 1)
    assert np.isnan(parts).tolist() == [False, False, True]
    assert np.isnan(popularity_lift(np.array([np.nan]), np.array([0.5]))).all()


def test_the_spread_of_the_lift_is_that_over_redrawn_users() -> None:
    rng = np.random.default_rng(1)
    chosen = rng.beta(2, 6, 400)
    shown = np.clip(chosen + rng.normal(0.1, 0.1, 400), 0, 1)
    draws = [rng.integers(400, size=400) for _ in range(1_000)]
    spread = np.std([shown[drawn].mean() / chosen[drawn].mean() for drawn in draws])
    assert popularity_lift(shown, chosen).std() / 20 == pytest.approx(spread, rel=0.1)


def test_diversity_is_one_less_the_cosine_of_the_users_who_met_both() -> None:
    met = sp.csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]], np.float32))
    alike = 2 / np.sqrt(2 * 3)  # items 0 and 1: two users met both, of 2 and of 3
    other = 1 / np.sqrt(3 * 1)  # items 1 and 2
    slates = np.array([[0, 1, -1], [0, 1, 2], [0, 3, -1], [3, -1, -1]])
    expected = [1 - alike, (3 - alike - other) / 3, 1.0, np.nan]
    np.testing.assert_allclose(diversity(slates, met), expected, rtol=1e-6)


def test_exposure_is_shared_by_the_values_that_items_have() -> None:
    shares = exposure_shares(SLATES, [("drama", "war"), ("war",)])
    assert list(shares) == ["drama", "war"]
    np.testing.assert_allclose(shares["drama"], [0.5, 1.0, np.nan])
    np.testing.assert_allclose(shares["war"], [1.0, 1.0, np.nan])
