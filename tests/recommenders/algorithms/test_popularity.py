from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import Algorithm, Reason, create, load
from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError
from tests.recommenders.algorithms.test_repeat import days
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import POPULAR, ROWS, dataset


class TestPopularity(AlgorithmContract):
    name = "popularity"
    strangers = True
    smallest = True
    similar = False
    additive = False
    updatable = True

    def test_most_people_come_first_and_ties_go_by_id(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["stranger"], k=7)
        assert list(ids[0]) == POPULAR
        assert list(scores[0]) == [4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0]

    def test_a_person_counts_once_per_item(self) -> None:
        again = create("popularity").fit(dataset([*ROWS, *[("v3", "b1")] * 9]))
        ids, scores = again.recommend(["stranger"], k=3)
        assert list(ids[0]) == ["a1", "a2", "b1"]
        assert list(scores[0]) == [4.0, 3.0, 3.0]

    def test_the_reason_is_how_many_people(self, model: Algorithm[Any]) -> None:
        assert model.reasons("u3", ["a3", "b3"]) == [
            Reason(kind="popular", people=2),
            Reason(kind="popular", people=1),
        ]
        assert [reason.words() for reason in model.reasons("u3", ["a3", "b3"]) if reason] == [
            "Chosen by 2 people",
            "Chosen by 1 person",
        ]


class TestFadingPopularity(AlgorithmContract):
    name = "popularity"
    config = {"half_life_days": 7.0}
    strangers = True
    smallest = True
    similar = False
    additive = False
    updatable = True

    @classmethod
    def data(cls, rows: list[tuple[str, str]] = ROWS) -> Dataset:
        """All at one time, so that rows brought later are no older than those known."""
        return days([(user, item, 0) for user, item in rows])


def test_a_person_counts_by_when_they_last_met_the_item() -> None:
    data = days(
        [("u", "old", 0), ("v", "old", 0), ("w", "old", 0), ("u", "new", 3), ("u", "new", 20)]
    )
    model = create("popularity", half_life_days=10.0).fit(data)
    ids, scores = model.recommend(["x"], 2)
    assert list(ids[0]) == ["new", "old"]
    assert list(scores[0]) == [1.0, 0.75]  # three people, each a quarter after two half-lives
    assert model.reasons("x", ["old"]) == [Reason(kind="popular", people=3)]


def test_an_update_fades_what_was_and_moves_those_who_came_back(tmp_path: Path) -> None:
    first = [("u", "a", 0), ("v", "a", 4), ("v", "b", 5)]
    later = [("u", "a", 9), ("w", "c", 12)]
    create("popularity", half_life_days=3.0).fit(days(first)).save(tmp_path / "m")
    ids, scores = load(tmp_path / "m").update(days(later)).recommend(["x"], 3)
    again = create("popularity", half_life_days=3.0).fit(days([*first, *later]))
    assert ids.tolist() == again.recommend(["x"], 3)[0].tolist() == [["c", "a", "b"]]
    np.testing.assert_array_equal(scores, again.recommend(["x"], 3)[1])


def test_without_times_nothing_fades() -> None:
    data = Dataset.from_frames(pd.DataFrame({"user": ["u"], "item": ["a"]}))
    with pytest.raises(NotEnoughDataError, match="set half_life_days to 0"):
        create("popularity", half_life_days=3.0).fit(data)
