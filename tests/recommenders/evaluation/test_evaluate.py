from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from recommenders.algorithms import create
from recommenders.dataset import Dataset
from recommenders.evaluation import (
    RankingReport,
    evaluate,
    evaluate_ctr,
    evaluate_ranking,
    with_negatives,
)
from recommenders.exceptions import EvaluationError
from tests.recommenders.toy import dataset

# By people in train: a 3, b 2, c 1, d 1 (ties by id).
TRAIN = dataset(
    [("u", "a"), ("v", "a"), ("w", "a"), ("v", "b"), ("w", "b"), ("w", "c"), ("x", "d")]
)
HELD_OUT = dataset(
    [
        ("u", "b"),  # first of u's slate b, c
        ("v", "d"),  # second of v's slate c, d
        ("v", "a"),  # met before: not relevant
        ("w", "c"),  # met before: w is not counted
        ("y", "a"),  # no history: y is not counted
    ]
)


class Fixed:
    """A click model that gives what it was told."""

    def __init__(self, probabilities: list[float]) -> None:
        self._probabilities = np.array(probabilities, np.float32)

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        return self._probabilities


def test_ranking_of_known_slates_gives_known_figures() -> None:
    model = create("popularity").fit(TRAIN)
    second = 1 / np.log2(3)
    report = evaluate_ranking(model, TRAIN, HELD_OUT, k=2)
    assert asdict(report) == pytest.approx(
        {
            "users": 2,
            "k": 2,
            "ndcg": (1 + second) / 2,
            "hit_rate": 1.0,
            "coverage": 3 / 4,
            "ndcg_std_error": (1 - second) / 2,
            "hit_rate_std_error": 0.0,
        }
    )
    assert evaluate_ranking(model, TRAIN, HELD_OUT, k=1) == RankingReport(
        users=2,
        k=1,
        ndcg=0.5,
        hit_rate=0.5,
        coverage=2 / 4,
        ndcg_std_error=0.5,
        hit_rate_std_error=0.5,
    )


def test_ranking_without_anything_new_is_refused() -> None:
    model = create("popularity").fit(TRAIN)
    with pytest.raises(EvaluationError, match="no user"):
        evaluate_ranking(model, TRAIN, TRAIN)


def test_clicks_are_measured_on_the_rows_that_have_a_probability() -> None:
    frame = pd.DataFrame({"user": list("uuvw"), "item": list("abca"), "label": [1, 0, 1, 0]})
    report = evaluate_ctr(Fixed([0.9, 0.2, np.nan, 0.4]), frame)
    logloss = -(np.log(0.9) + np.log(0.8) + np.log(0.6)) / 3
    assert asdict(report) == pytest.approx(
        {"users": 2, "rows": 3, "unscored": 1, "auc": 1.0, "logloss": logloss}
    )


def test_negatives_are_items_the_user_met_in_neither_part() -> None:
    rows = with_negatives(TRAIN, HELD_OUT, negatives=3, seed=1)
    clicked = rows[rows.label == 1]
    assert list(zip(clicked.user, clicked.item, strict=True)) == [
        ("u", "b"),
        ("v", "d"),
        ("y", "a"),
    ]
    drawn = rows[rows.label == 0].groupby("user").item.agg(set)
    assert drawn["u"] <= {"c", "d"}
    assert drawn["v"] <= {"c"}
    assert drawn["y"] <= {"b", "c", "d"}
    assert (rows.label == 0).sum() == 9


def test_negatives_are_the_same_for_the_same_seed() -> None:
    first, second = (with_negatives(TRAIN, HELD_OUT, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_no_new_behaviour_gives_no_rows() -> None:
    with pytest.raises(EvaluationError, match="no user"):
        with_negatives(TRAIN, TRAIN)


def test_a_summary_holds_what_applies_to_the_model() -> None:
    model = create("popularity").fit(TRAIN)
    assert evaluate(model, TRAIN, HELD_OUT, k=1) == {
        "users": 2.0,
        "ndcg@1": 0.5,
        "hit_rate@1": 0.5,
        "coverage@1": 0.5,
        "ndcg@1_std_error": pytest.approx(0.5),  # of a 0 and a 1: sqrt(0.5 / 2)
        "hit_rate@1_std_error": pytest.approx(0.5),
    }
    assert evaluate(model, TRAIN, TRAIN) == {}


def test_a_split_of_real_order_is_measured_from_train_only() -> None:
    data: Dataset = dataset()
    train, held_out = data.split_by_time(0.8)
    assert evaluate(create("item_knn").fit(train), train, held_out).keys() <= {
        "users",
        "ndcg@10",
        "hit_rate@10",
        "coverage@10",
        "ndcg@10_std_error",
        "hit_rate@10_std_error",
    }
