from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recommenders.algorithms import Algorithm, Reason, create
from recommenders.algorithms.neighbours import Neighbours
from recommenders.dataset import Dataset
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import dataset


class TestItemKnn(AlgorithmContract):
    name = "item_knn"
    strangers = False
    smallest = True
    similar = True
    additive = True
    updatable = True
    rates = True

    def test_only_items_similar_to_the_history_are_shown(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u4", "v3"], k=7)
        assert list(ids[0, :3]) == ["a2", "a3", "a4"]
        assert list(ids[1, :2]) == ["b2", "b3"]
        assert set(ids[0, 3:]) == set(ids[1, 2:]) == {None}

    def test_a_score_is_the_sum_of_shrunk_cosines(self) -> None:
        model = create("item_knn", shrinkage=2.0).fit(dataset())
        _, scores = model.recommend(["u3"], k=1)  # met a1 (4 people) and a2 (3); a3 has 2, all both
        expected = 2 / (np.sqrt(4 * 2) + 2) + 2 / (np.sqrt(3 * 2) + 2)
        assert scores[0, 0] == pytest.approx(expected, rel=1e-6)

    def test_only_the_newest_items_of_a_history_count(self) -> None:
        model = create("item_knn", history_length=1).fit(dataset())
        ids, _ = model.recommend(["x"], k=2, histories=[["b1", "a1"]])
        assert list(ids[0]) == ["a2", "a3"]

    def test_what_is_beyond_the_history_length_is_still_not_shown(self) -> None:
        model = create("item_knn", history_length=1).fit(dataset())
        ids, _ = model.recommend(["x"], k=7, histories=[["a2", "a1"]])
        assert "a2" not in ids[0]

    def test_the_reason_is_the_item_that_adds_most(self, model: Algorithm[Any]) -> None:
        # a3's people are 2 of a2's 3 and 2 of a1's 4, so a2 is the closer one.
        assert model.reasons("x", ["a3", "b2"], ["b1", "a1", "a2"]) == [
            Reason(kind="because", item="a2"),
            Reason(kind="because", item="b1"),
        ]
        assert model.reasons("x", ["b2"], ["a1"]) == [None]


def test_scores_equal_the_dense_formula_whatever_the_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(7)
    dense = (rng.random((40, 30)) < 0.3).astype(np.float32)
    histories = [np.flatnonzero(row)[:9] for row in dense[:6]] + [np.empty(0, np.int64)]
    shared = dense.T @ dense
    root = np.sqrt(dense.sum(axis=0))
    similarity = shared / (np.outer(root, root) + 5.0)
    np.fill_diagonal(similarity, 0.0)
    expected = np.array([similarity[:, history].sum(axis=1) for history in histories])
    expected[expected == 0.0] = -np.inf
    for cells in (1, 100, 1 << 24):
        monkeypatch.setattr("recommenders.algorithms.neighbours._CELLS", cells)
        fitted = Neighbours.fit(sp.csr_matrix(dense), neighbours=30, shrinkage=5.0)
        np.testing.assert_allclose(fitted.scores(histories), expected, rtol=1e-5)


def test_every_candidate_keeps_its_closest_neighbours_only() -> None:
    dense = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 1], [0, 1, 0]], np.float32)
    fitted = Neighbours.fit(sp.csr_matrix(dense), neighbours=1, shrinkage=0.0)
    assert len(fitted.items) == 3
    # The closest to item 2 (2 people) is item 0 (3 people, both shared): 2 / sqrt(6).
    scores = fitted.scores([np.array([0]), np.array([1])])
    assert scores[0, 2] == pytest.approx(2 / np.sqrt(6), rel=1e-6)
    assert np.isneginf(scores[1, 2])


@pytest.mark.parametrize("kind", ["cosine", "tfidf", "bm25"])
def test_similarities_equal_the_dense_formula(kind: str) -> None:
    data = dataset()
    dense = data.matrix.toarray().astype(np.float64)
    weighed = dense.T * weights_by_hand(kind, dense.T)
    norms = np.linalg.norm(weighed, axis=1)
    expected = weighed @ weighed.T / (np.outer(norms, norms) ** 0.7 + 3.0)
    model = create("item_knn", similarity=kind, normalise=0.7, shrinkage=3.0).fit(data)
    for code, item in enumerate(data.items.ids(np.arange(data.n_items))):
        ids, likeness = model.similar_items(item, k=9)
        np.testing.assert_allclose(likeness, expected[code, data.items.codes(list(ids))], rtol=1e-5)
        assert len(ids) == np.count_nonzero(expected[code]) - 1


def weights_by_hand(kind: str, documents: np.ndarray) -> np.ndarray:
    """Of documents x terms, from the textbook formulas, cell by cell."""
    n, n_terms = documents.shape
    mean = documents.sum() / n
    weights = np.ones(documents.shape)
    for d in range(n):
        for t in range(n_terms):
            df, length = documents[:, t].sum(), documents[d].sum()
            if kind == "tfidf":
                weights[d, t] = np.log(1 + n / df)
            elif kind == "bm25":
                idf = np.log(1 + (n - df + 0.5) / (df + 0.5))
                weights[d, t] = idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length / mean))
    return weights


def test_a_rating_is_the_items_mean_moved_by_similar_items() -> None:
    # Means: a 3, b 4, c 3. With cosine, c is alike a by 2 / sqrt(3 * 2) and b by 1 / sqrt(2 * 2).
    rows = [("u", "a", 5), ("v", "a", 2), ("w", "a", 2), ("u", "b", 5), ("w", "b", 3)]
    table = pd.DataFrame([*rows, ("v", "c", 2), ("w", "c", 4)], columns=["user", "item", "value"])
    model = create("item_knn", shrinkage=0.0).fit(Dataset.from_frames(table))
    a, b = 2 / np.sqrt(6), 1 / 2
    predicted = model.predict_rating(pd.DataFrame({"user": ["u"], "item": ["c"]}))
    assert predicted[0] == pytest.approx(3 + (a * 2 + b * 1) / (a + b), rel=1e-6)


def test_a_prediction_stays_within_the_ratings_there_are() -> None:
    rows = [("u", "a", 5), ("v", "a", 1), ("v", "b", 5), ("w", "b", 4)]
    table = pd.DataFrame(rows, columns=["user", "item", "value"])
    model = create("item_knn").fit(Dataset.from_frames(table))
    assert model.predict_rating(pd.DataFrame({"user": ["u"], "item": ["b"]})).tolist() == [5.0]
