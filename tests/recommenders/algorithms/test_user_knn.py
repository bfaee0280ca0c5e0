from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import Algorithm, Reason, create, load
from recommenders.dataset import Dataset
from tests.recommenders.algorithms.test_item_knn import weights_by_hand
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import dataset


class TestUserKnn(AlgorithmContract):
    name = "user_knn"
    strangers = False
    smallest = True
    similar = False
    additive = False
    updatable = True
    rates = True

    def test_only_what_people_of_the_same_taste_met_is_shown(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u4", "v3"], k=7)
        assert [item for item in ids[0] if item] == ["a2", "a3", "a4"]
        assert [item for item in ids[1] if item] == ["b2", "b3"]

    def test_a_score_is_the_sum_of_the_nearest_peoples_similarities(self) -> None:
        # To a history of a1 alone: u4 is 1, u3 1 / sqrt(2), u2 1 / sqrt(3), u1 1 / 2.
        model = create("user_knn", similarity="cosine", shrinkage=0.0, k_neighbours=3)
        ids, scores = model.fit(dataset()).recommend(["x"], k=3, histories=[["a1"]])
        assert list(ids[0]) == ["a2", "a3", None]
        assert scores[0, :2] == pytest.approx([1 / np.sqrt(2) + 1 / np.sqrt(3), 1 / np.sqrt(3)])

    def test_the_reason_is_how_many_of_the_nearest_met_it(self, model: Algorithm[Any]) -> None:
        assert model.reasons("x", ["a2", "a4", "b1"], ["a1"]) == [
            Reason(kind="alike", people=3),
            Reason(kind="alike", people=1),
            None,
        ]
        words = [reason.words() for reason in model.reasons("x", ["a4"], ["a1"]) if reason]
        assert words == ["Chosen by 1 person with similar taste"]


@pytest.mark.parametrize("kind", ["cosine", "tfidf", "bm25"])
def test_scores_equal_the_dense_formula(kind: str) -> None:
    rng = np.random.default_rng(3)
    met = np.argwhere(rng.random((30, 20)) < 0.3)
    table = pd.DataFrame(met, columns=["user", "item"])
    data = Dataset.from_frames(table)
    dense = data.matrix.toarray().astype(np.float64)
    weighed = dense * weights_by_hand(kind, dense)
    norms = np.linalg.norm(weighed, axis=1)
    alike = weighed @ weighed.T / (np.outer(norms, norms) ** 0.8 + 2.0)
    for row in alike:
        row[np.argsort(-row)[7:]] = 0.0
    config = {"k_neighbours": 7, "shrinkage": 2.0, "normalise": 0.8}
    model = create("user_knn", similarity=kind, **config).fit(data)
    users = list(data.users.ids(np.arange(30)))
    ids, scores = model.recommend(users, k=20, exclude_seen=False)
    for row, expected in enumerate(alike @ dense):
        shown = [item for item in ids[row] if item]
        assert len(shown) == np.count_nonzero(expected)
        got = scores[row, : len(shown)]
        np.testing.assert_allclose(got, expected[data.items.codes(shown)], rtol=1e-5)


def test_a_rating_is_the_users_mean_moved_by_similar_people(tmp_path: Any) -> None:
    # Means: u 4, v 3, w 3. With cosine, v shares 1 of 2 and 2 items with u, w shares 2 of 2 and 3.
    rows = [("u", "a", 5), ("u", "b", 3), ("v", "a", 1), ("v", "c", 5)]
    rows += [("w", "a", 4), ("w", "b", 3), ("w", "c", 2)]
    table = pd.DataFrame(rows, columns=["user", "item", "value"])
    model = create("user_knn", similarity="cosine", shrinkage=0.0).fit(Dataset.from_frames(table))
    v, w = 1 / 2, 2 / np.sqrt(6)
    asked = pd.DataFrame({"user": ["u"], "item": ["c"]})
    expected = 4 + (v * 2 + w * -1) / (v + w)
    assert model.predict_rating(asked)[0] == pytest.approx(expected, rel=1e-6)
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").predict_rating(asked)[0] == pytest.approx(expected, rel=1e-6)
