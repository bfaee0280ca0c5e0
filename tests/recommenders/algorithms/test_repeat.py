from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommenders.algorithms import Algorithm, Reason, create, load
from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import ROWS, dataset


class TestRepeat(AlgorithmContract):
    name = "repeat"
    strangers = False
    smallest = True
    similar = False
    additive = False
    updatable = True

    def test_k_above_the_catalogue_pads_with_none_and_minus_infinity(
        self, model: Algorithm[Any]
    ) -> None:
        ids, scores = model.recommend(["u3"], k=4)
        assert list(ids[0]) == ["a2", "a1", None, None]
        assert np.isfinite(scores[0]).tolist() == [True, True, False, False]

    def test_a_given_history_takes_the_place_of_the_kept_one(self, model: Algorithm[Any]) -> None:
        ids, scores = model.recommend(["u3"], k=7, histories=[["a2", "b1", "a1"]])
        assert list(ids[0, :4]) == ["a1", "b1", "a2", None]
        assert scores[0, 1] == pytest.approx(2**-0.05, rel=1e-6)  # new to u3, so met once

    def test_what_the_user_met_in_training_is_not_shown(self, model: Algorithm[Any]) -> None:
        """It is, unless the caller says otherwise."""
        assert set(model.recommend(["u2"], k=7)[0][0]) == {"a1", "a2", "a3", None}
        assert set(model.recommend(["u2"], k=7, exclude_seen=True)[0][0]) == {None}

    def test_a_catalogue_that_changed_since_training_is_passed_over(
        self, model: Algorithm[Any]
    ) -> None:
        histories = [["new-item", "a1", "a2"]]
        ids, _ = model.recommend(["x"], k=7, histories=histories, exclude=["newer-item", "a2"])
        assert list(ids[0, :2]) == ["a1", None]

    def test_one_user_with_one_item(self) -> None:
        ids, _ = create("repeat").fit(dataset(ROWS[:1])).recommend(["u1", "new"], k=2)
        assert ids.tolist() == [["a1", None], [None, None]]

    def test_the_reason_is_that_they_met_it(self, model: Algorithm[Any]) -> None:
        assert model.reasons("u3", ["a1", "a3"]) == [Reason(kind="again"), None]
        assert Reason(kind="again").words() == "Chosen before"


def days(rows: list[tuple[str, str, int]]) -> Dataset:
    table = pd.DataFrame(rows, columns=["user", "item", "day"])
    table["at"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(table["day"], unit="D")
    return Dataset.from_frames(table.drop(columns="day"))


def test_a_habit_is_how_often_each_time_faded_and_then_how_lately() -> None:
    data = days([("u", "milk", 0), ("u", "milk", 10), ("u", "tea", 20), ("v", "tea", 20)])
    model = create("repeat", half_life_days=10.0, recency_power=1.0).fit(data)
    ids, scores = model.recommend(["u"], 3)
    # Tea 1, the newest; milk 1/4 + 1/2, the second newest.
    assert list(ids[0]) == ["tea", "milk", None]
    assert list(scores[0, :2]) == [1.0, 0.375]
    often = create("repeat", half_life_days=0.0, recency_power=0.0).fit(data)
    assert often.recommend(["u"], 2)[0].tolist() == [["milk", "tea"]]
    assert often.recommend(["u"], 2)[1].tolist() == [[2.0, 1.0]]


def test_an_update_fades_what_was_and_adds_what_is_new(tmp_path: Path) -> None:
    first = [("u", "milk", 0), ("u", "milk", 10), ("u", "tea", 20), ("v", "tea", 5)]
    later = [("u", "tea", 27), ("v", "milk", 30), ("w", "rice", 31)]
    create("repeat", half_life_days=10.0).fit(days(first)).save(tmp_path / "m")
    updated = load(tmp_path / "m").update(days(later))
    again = create("repeat", half_life_days=10.0).fit(days([*first, *later]))
    for users in (["u"], ["v"], ["w"]):
        ids, scores = updated.recommend(users, 3)
        expected_ids, expected = again.recommend(users, 3)
        assert ids.tolist() == expected_ids.tolist()
        np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_rows_without_a_time_cannot_fade() -> None:
    data = Dataset.from_frames(pd.DataFrame({"user": ["u", "u"], "item": ["a", "b"]}))
    with pytest.raises(NotEnoughDataError, match="set half_life_days to 0"):
        create("repeat").fit(data)
    model = create("repeat", half_life_days=0.0).fit(data)
    assert model.recommend(["u"], 2)[0].tolist() == [["b", "a"]]
