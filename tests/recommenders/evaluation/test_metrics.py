import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.evaluation import auc, coverage, hit_rate, logloss, ndcg
from recommenders.exceptions import EvaluationError

HITS = np.array([[True, False, True], [False, False, False], [False, True, False]])


def test_ndcg_discounts_by_the_logarithm_of_the_place() -> None:
    third, second = 1 / np.log2(4), 1 / np.log2(3)
    expected = [(1 + third) / (1 + second + third), 0.0, second]
    np.testing.assert_allclose(ndcg(HITS, np.array([5, 2, 1])), expected)


def test_ndcg_of_the_best_possible_slate_is_one() -> None:
    hits = np.array([[True, True, False], [True, True, True]])
    np.testing.assert_allclose(ndcg(hits, np.array([2, 9])), [1.0, 1.0])


def test_hit_rate_is_one_where_anything_is_relevant() -> None:
    assert hit_rate(HITS).tolist() == [1.0, 0.0, 1.0]


def test_coverage_counts_different_items_and_no_padding() -> None:
    slates = np.array([["a", "b"], ["a", None]], dtype=object)
    assert coverage(slates, n_items=8) == 0.25


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=30))
def test_auc_equals_counting_all_pairs(rows: list[tuple[bool, int]]) -> None:
    clicked = [score for label, score in rows if label]
    others = [score for label, score in rows if not label]
    labels, scores = zip(*rows, strict=True)
    if not clicked or not others:
        with pytest.raises(EvaluationError, match="both kinds"):
            auc(labels, scores)
        return
    pairs = [(one > other) + (one == other) / 2 for one in clicked for other in others]
    assert auc(labels, scores) == pytest.approx(sum(pairs) / len(pairs))


def test_logloss_is_the_mean_negative_log_likelihood() -> None:
    expected = -(np.log(0.8) + np.log(0.9) + np.log(0.5)) / 3
    assert logloss([1, 0, 1], [0.8, 0.1, 0.5]) == pytest.approx(expected)


def test_logloss_of_a_certain_error_is_finite() -> None:
    assert logloss([1], [0.0]) == pytest.approx(-np.log(1e-7))
    with pytest.raises(EvaluationError, match="0 rows"):
        logloss([], [])
