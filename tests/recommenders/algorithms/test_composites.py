from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import Algorithm, Reason, create, load
from recommenders.algorithms.blend import scaled
from recommenders.algorithms.mmr import arrange
from recommenders.dataset import Dataset
from recommenders.exceptions import NoSimilarityError
from tests.recommenders.algorithms.test_content import titled
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import ROWS, dataset


class TestBlend(AlgorithmContract):
    name = "blend"
    config = {"parts": ("item_knn", "0.5 * popularity"), "method": "reciprocal_rank"}
    strangers = True
    smallest = True
    similar = True
    additive = False
    updatable = True

    def test_places_are_added_up_by_weight(self, model: Algorithm[Any]) -> None:
        # item_knn says a3, a4; popularity b1, a3, b2, a4, b3.
        ids, scores = model.recommend(["u3"], k=5)
        expected = [1 / 61 + 0.5 / 62, 1 / 62 + 0.5 / 64, 0.5 / 61, 0.5 / 63, 0.5 / 65]
        assert list(ids[0]) == ["a3", "a4", "b1", "b2", "b3"]
        np.testing.assert_allclose(scores[0], expected, rtol=1e-6)

    def test_the_reason_is_that_of_the_part_that_gives_most(self, model: Algorithm[Any]) -> None:
        assert model.reasons("u3", ["a3", "b1"]) == [
            Reason(kind="because", item="a2"),
            Reason(kind="popular", people=3),
        ]

    def test_only_the_best_candidates_of_a_part_count(self) -> None:
        model = create("blend", **{**self.config, "candidates": 1}).fit(dataset())
        ids, _ = model.recommend(["u3"], k=1)
        assert list(ids[0]) == ["a3"]

    def test_parts_are_there_once_with_what_is_kept_of_the_data(
        self, model: Algorithm[Any], tmp_path: Any
    ) -> None:
        model.save(tmp_path / "m")
        arrays = {path.stem for path in (tmp_path / "m").glob("*.npy")}
        assert {"users", "items", "part1_people", "part0_neighbour_items"} <= arrays
        assert not {"part0_items", "part1_items"} & arrays


class TestWeightedBlend(AlgorithmContract):
    name = "blend"
    config = {"parts": ("item_knn", "3 * ease(l2=1)"), "method": "weighted"}
    strangers = False
    smallest = True
    similar = True
    additive = False
    updatable = True

    def test_scores_are_brought_to_the_same_range(self) -> None:
        # Of popularity: b1 3, a3 2, b2 2, a4 1, b3 1; of item_knn a3 is best and a4 last.
        model = create("blend", parts=["item_knn", "2 * popularity"], method="weighted")
        ids, scores = model.fit(dataset()).recommend(["u3"], k=5)
        assert dict(zip(ids[0], scores[0].tolist(), strict=True)) == pytest.approx(
            {"a3": 1 + 2 * 0.5, "b1": 2 * 1.0, "b2": 2 * 0.5, "a4": 0.0, "b3": 0.0}
        )


class TestTwoStage(AlgorithmContract):
    name = "two_stage"
    config = {"proposes": "popularity", "ranks": "item_knn"}
    strangers = False
    smallest = True
    similar = True
    additive = True
    updatable = True
    rates = True

    def test_the_second_ranks_what_the_first_proposes(self) -> None:
        model = create("two_stage", proposes="popularity", ranks="item_knn", candidates=2)
        ids, scores = model.fit(dataset()).recommend(["u3"], k=2)  # proposed: b1, a3
        alone = create("item_knn").fit(dataset())
        assert list(ids[0]) == ["a3", None]
        assert scores[0, 0] == alone.recommend(["u3"], k=1)[1][0, 0]

    def test_k_above_the_candidates_proposes_more(self) -> None:
        model = create("two_stage", proposes="popularity", ranks="item_knn", candidates=1)
        ids, _ = model.fit(dataset()).recommend(["u4"], k=4)  # a2, b1, a3, b2
        assert list(ids[0]) == ["a2", "a3", None, None]


class TestMmr(AlgorithmContract):
    name = "mmr"
    config = {"ranks": "popularity", "likeness": "people"}
    strangers = True
    smallest = True
    similar = True
    additive = False
    updatable = True

    def test_an_item_like_those_above_it_comes_later(self) -> None:
        # a1 4, a2 3, b1 3: a2 is like a1 by 3 / sqrt(12) = .87, b1 by nothing.
        for diversity, expected in ((0.0, ["a1", "a2", "b1"]), (0.5, ["a1", "b1", "b2"])):
            model = create("mmr", ranks="popularity", diversity=diversity).fit(dataset())
            ids, scores = model.recommend(["stranger"], k=3)
            assert list(ids[0, :2]) == expected[:2]
            assert scores[0, 0] == pytest.approx(1 - diversity)
        assert scores[0, 1] == pytest.approx(0.5 * (3 - 1) / (4 - 1))

    def test_without_diversity_it_is_the_ranking(self) -> None:
        plain = create("popularity").fit(dataset()).recommend(["x", "u2"], k=7)[0]
        arranged = create("mmr", ranks="popularity", diversity=0.0).fit(dataset())
        assert arranged.recommend(["x", "u2"], k=7)[0].tolist() == plain.tolist()


class TestMmrByContent(TestMmr):
    config = {"ranks": "popularity", "likeness": "content"}

    @classmethod
    def data(cls, rows: list[tuple[str, str]] = ROWS) -> Dataset:
        return titled(rows)

    def test_an_item_like_those_above_it_comes_later(self) -> None:
        model = create("mmr", diversity=0.9, ranks="popularity", likeness="content").fit(titled())
        tastes = [item[0] for item in model.recommend(["stranger"], k=2)[0][0]]
        assert tastes == ["a", "b"]


def test_composites_hold_composites(tmp_path: Any) -> None:
    written = "blend(parts=['item_knn', 'popularity'])"
    model = create("mmr", ranks=written).fit(dataset())
    model.save(tmp_path / "m")
    ids, scores = load(tmp_path / "m").recommend(["u3", "x"], k=5)
    expected_ids, expected = model.recommend(["u3", "x"], k=5)
    assert ids.tolist() == expected_ids.tolist()
    np.testing.assert_array_equal(scores, expected)


def test_no_part_that_knows_likeness_is_a_typed_error() -> None:
    model = create("two_stage", proposes="popularity", ranks="popularity").fit(dataset())
    with pytest.raises(NoSimilarityError, match="two_stage"):
        model.similar_items("a1")


def test_ratings_are_those_of_the_part_that_ranks() -> None:
    data = dataset(values=True)
    asked = pd.DataFrame({"user": ["u3"], "item": ["a3"]})
    alone = create("item_knn").fit(data).predict_rating(asked)
    for name, config in (("two_stage", {"ranks": "item_knn"}), ("mmr", {"ranks": "item_knn"})):
        assert create(name, **config).fit(data).predict_rating(asked).tolist() == alone.tolist()


def test_scaled_goes_from_zero_to_one_in_each_row() -> None:
    scores = np.array([[4.0, 2.0, 1.0], [3.0, 3.0, -np.inf], [-np.inf] * 3])
    assert scaled(scores)[:2].tolist() == [[1.0, 1 / 3, 0.0], [1.0, 1.0, 0.0]]


def test_worth_never_rises_and_equals_the_formula() -> None:
    rng = np.random.default_rng(5)
    relevance = np.sort(rng.random(12))[::-1]
    alike = rng.random((12, 12)).astype(np.float32)
    alike = np.maximum(alike, alike.T)
    taken, values = arrange(relevance, alike, 0.4, 8)
    assert (np.diff(values) <= 1e-12).all()
    for place, (item, value) in enumerate(zip(taken, values, strict=True)):
        above = taken[:place]
        rest = [one for one in range(12) if one not in above]
        worth = {
            one: 0.6 * relevance[one] - 0.4 * max((alike[one, up] for up in above), default=0.0)
            for one in rest
        }
        assert item == max(worth, key=lambda one: worth[one])
        assert value == pytest.approx(worth[int(item)], rel=1e-6)
