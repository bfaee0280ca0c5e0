from typing import Any

import numpy as np
import pytest

from recommenders.algorithms import Algorithm, Reason, create
from recommenders.algorithms.neighbours import Neighbours
from recommenders.dataset import Dataset
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import dataset, frame


class TestCooccurrence(AlgorithmContract):
    name = "cooccurrence"
    strangers = False
    smallest = True
    similar = True
    additive = True
    updatable = True

    def test_only_items_met_beside_those_of_the_history_are_shown(
        self, model: Algorithm[Any]
    ) -> None:
        ids, _ = model.recommend(["u4", "v3"], k=7)
        assert list(ids[0]) == ["a2", "a3", "a4", None, None, None, None]
        assert list(ids[1]) == ["b2", "b3", None, None, None, None, None]

    def test_the_reason_is_the_item_that_adds_most(self, model: Algorithm[Any]) -> None:
        # In both a1 and a2 come before a3, a2 right before it; b1 says nothing of it.
        assert model.reasons("x", ["a3", "b2", "a4"], ["b1", "a1", "a2"]) == [
            Reason(kind="because", item="a2"),
            Reason(kind="because", item="b1"),
            Reason(kind="because", item="a2"),
        ]
        assert model.reasons("x", ["b2"], ["a1"]) == [None]


PLAIN = {"normalise": 0.0, "shrinkage": 0.0, "gap_power": 1.0, "recency_power": 1.0}


def test_a_pair_counts_by_its_distance_and_an_item_by_how_new_it_is() -> None:
    rows = [("u", item) for item in "abcd"] + [("v", item) for item in "ad"]
    model = create("cooccurrence", **PLAIN, backward=0.0).fit(dataset(rows))
    # a to d: three places apart in u, one in v; c to d one apart. In the history c is newer.
    expected = (1 / 3 + 1) / 2 + 1
    ids, scores = model.recommend(["x"], 1, histories=[["a", "c"]])
    assert (ids[0, 0], scores[0, 0]) == ("d", pytest.approx(expected, rel=1e-6))
    parts = model.explain("x", "d", ["a", "c"])
    assert [part.item for part in parts] == ["c", "a"]
    assert [part.amount for part in parts] == pytest.approx([1.0, 2 / 3])


def test_what_came_before_counts_as_backward_says() -> None:
    rows = [("u", item) for item in "abc"]
    one_way = create("cooccurrence", **PLAIN, backward=0.0).fit(dataset(rows))
    assert list(one_way.similar_items("b")[0]) == ["c"]
    assert not one_way.can_serve("x", ["c"])
    both = create("cooccurrence", **PLAIN, backward=0.25).fit(dataset(rows))
    ids, likeness = both.similar_items("b")
    assert (list(ids), list(likeness)) == (["c", "a"], [1.0, 0.25])


def test_pairs_further_apart_than_the_window_say_nothing() -> None:
    rows = [("u", item) for item in "abcd"]
    model = create("cooccurrence", window=2, backward=0.0).fit(dataset(rows))
    assert list(model.similar_items("a")[0]) == ["b", "c"]


def test_only_the_newest_items_of_a_history_count() -> None:
    model = create("cooccurrence", history_length=1).fit(dataset())
    assert list(model.recommend(["x"], 4, histories=[["b1", "a1"]])[0][0]) == [
        *["a2", "a3", "a4"],
        None,
    ]
    assert [part.item for part in model.explain("x", "a3", ["a2", "a1"])] == ["a1"]


@pytest.mark.parametrize("pairs_at_once", [1, 1 << 22])
def test_scores_equal_the_sum_over_all_pairs(
    monkeypatch: pytest.MonkeyPatch, pairs_at_once: int
) -> None:
    monkeypatch.setattr("recommenders.algorithms.pairs._PAIRS", pairs_at_once)
    rng = np.random.default_rng(3)
    rows = [(f"u{u}", f"i{item}") for u in range(12) for item in rng.permutation(9)[:6]]
    settings = {"window": 3, "gap_power": 0.7, "backward": 0.4, "normalise": 0.6, "shrinkage": 2.0}
    data = Dataset.from_frames(frame(rows))
    model = create("cooccurrence", **settings, recency_power=0.5).fit(data)
    people = {f"i{n}": sum(item == f"i{n}" for _, item in rows) for n in range(9)}
    history = ["i3", "i1", "i7"]
    ids, scores = model.recommend(["x"], 9, histories=[history], exclude_seen=False)
    for item, score in zip(ids[0], scores[0], strict=True):
        by_hand = 0.0
        for newness, met in enumerate(reversed(history), start=1):
            scale = (people[met] * people[item]) ** 0.3 + 2.0
            by_hand += _pairs_by_hand(rows, met, item) / scale / newness**0.5
        assert score == pytest.approx(by_hand, rel=1e-5)


def _pairs_by_hand(rows: list[tuple[str, str]], met: str, item: str) -> float:
    total = 0.0
    for user in {user for user, _ in rows}:
        items = [one for owner, one in rows if owner == user]
        if met in items and item in items and met != item:
            gap = items.index(item) - items.index(met)
            if abs(gap) <= 3:
                total += abs(gap) ** -0.7 * (1.0 if gap > 0 else 0.4)
    return total


def test_an_item_keeps_the_largest_of_what_it_says() -> None:
    kept = Neighbours.strongest_of(
        np.array([0, 3, 3, 5]), np.array([0, 1, 2, 0, 1]), np.array([0.2, 0.9, 0.9, 1.0, 2.0]), 2
    )
    assert (kept.starts.tolist(), kept.items.tolist()) == ([0, 2, 2, 4], [1, 2, 0, 1])
