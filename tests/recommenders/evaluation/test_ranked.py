"""Exact values, and each measure once more, slow and obvious, from slates of names."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.evaluation.ranked import (
    average_precision,
    hit_rate,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)

HITS = np.array([[True, False, True], [False, False, False], [False, True, False]])
RELEVANT = np.array([5, 2, 1])


def test_ndcg_discounts_by_the_logarithm_of_the_place() -> None:
    third, second = 1 / np.log2(4), 1 / np.log2(3)
    expected = [(1 + third) / (1 + second + third), 0.0, second]
    np.testing.assert_allclose(ndcg(HITS, RELEVANT), expected)


def test_ndcg_of_the_best_possible_slate_is_one() -> None:
    hits = np.array([[True, True, False], [True, True, True]])
    np.testing.assert_allclose(ndcg(hits, np.array([2, 9])), [1.0, 1.0])


def test_hit_rate_is_one_where_anything_is_relevant() -> None:
    assert hit_rate(HITS).tolist() == [1.0, 0.0, 1.0]


def test_precision_is_of_the_places_and_recall_of_what_there_was() -> None:
    np.testing.assert_allclose(precision(HITS), [2 / 3, 0, 1 / 3])
    np.testing.assert_allclose(recall(HITS, RELEVANT), [2 / 5, 0, 1])


def test_the_reciprocal_rank_is_that_of_the_first_hit() -> None:
    np.testing.assert_allclose(reciprocal_rank(HITS), [1, 0, 1 / 2])


def test_average_precision_is_over_all_relevant_items_or_as_many_as_fit() -> None:
    np.testing.assert_allclose(average_precision(HITS, RELEVANT), [(1 + 2 / 3) / 5, 0, 1 / 2])
    capped = average_precision(HITS, RELEVANT, capped=True)
    np.testing.assert_allclose(capped, [(1 + 2 / 3) / 3, 0, 1 / 2])


Case = tuple[list[int], set[int], int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    k = draw(st.integers(1, 8))
    slate = draw(st.permutations(range(10)))[: draw(st.integers(0, k))]
    return list(slate), draw(st.sets(st.integers(0, 14), min_size=1)), k


def reference(slate: list[int], wanted: set[int], k: int) -> dict[str, float]:
    places = [place for place, item in enumerate(slate, start=1) if item in wanted]
    ideal = sum(1 / log2(place + 1) for place in range(1, min(k, len(wanted)) + 1))
    return {
        "precision": len(places) / k,
        "recall": len(set(slate) & wanted) / len(wanted),
        "hit_rate": float(bool(places)),
        "mrr": 1 / places[0] if places else 0.0,
        "map": sum(len([other for other in places if other <= place]) / place for place in places)
        / len(wanted),
        "ndcg": sum(1 / log2(place + 1) for place in places) / ideal,
    }


@given(st.lists(cases(), min_size=1, max_size=1))
def test_every_measure_is_what_its_definition_says(one: list[Case]) -> None:
    ((slate, wanted, k),) = one
    padded = [item in wanted for item in slate] + [False] * (k - len(slate))
    hits, relevant = np.array([padded]), np.array([len(wanted)])
    found = {
        "precision": precision(hits),
        "recall": recall(hits, relevant),
        "hit_rate": hit_rate(hits),
        "mrr": reciprocal_rank(hits),
        "map": average_precision(hits, relevant),
        "ndcg": ndcg(hits, relevant),
    }
    for name, expected in reference(slate, wanted, k).items():
        assert found[name].tolist() == pytest.approx([expected]), name


@given(cases())
def test_a_hit_further_in_front_is_never_worse(case: Case) -> None:
    slate, wanted, k = case
    flags = sorted([item in wanted for item in slate]) + [False] * (k - len(slate))
    worse = np.array([flags])
    better = np.array([sorted(flags, reverse=True)])
    relevant = np.array([len(wanted)])
    for measure in (ndcg, average_precision, recall):
        low, high = float(measure(worse, relevant)[0]), float(measure(better, relevant)[0])
        assert 0.0 <= low <= high + 1e-12
        assert high <= 1.0 + 1e-12
    assert reciprocal_rank(worse)[0] <= reciprocal_rank(better)[0] <= 1.0
