import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from recommenders.algorithms import create
from recommenders.dataset import Dataset
from recommenders.evaluation import Figures, clicks, evaluate, judge, with_negatives
from recommenders.exceptions import EvaluationError, UnknownMeasureError
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


def test_known_slates_give_known_figures_of_each_user() -> None:
    # u is shown b, c and wants b; v is shown c, d and wants d.
    found = judge(create("popularity").fit(TRAIN), TRAIN, HELD_OUT, k=2)
    second = 1 / np.log2(3)
    expected = {
        "ndcg@2": [1, second],
        "map@2": [1, 1 / 2],
        "precision@2": [1 / 2, 1 / 2],
        "recall@2": [1, 1],
        "hit_rate@2": [1, 1],
        "mrr@2": [1, 1 / 2],
        "novelty@2": [(np.log2(4 / 2) + np.log2(4 / 1)) / 2, np.log2(4)],
        "popularity@2": [(2 / 4 + 1 / 4) / 2, 1 / 4],
        # b and c share w, whom b shares with v; c and d share nobody.
        "diversity@2": [1 - 1 / np.sqrt(2), 1],
    }
    for name, values in expected.items():
        assert found.per_user[name].users == ("u", "v"), name
        np.testing.assert_allclose(found.per_user[name].values, values, rtol=1e-6, err_msg=name)
    # Shown are .375 and .25 of the people; u had met a (3/4), v a and b (5/8).
    assert found.value("popularity_lift@2") == pytest.approx((0.375 + 0.25) / (0.75 + 0.625) - 1)
    # Shown: b once, c twice, d once, a never.
    assert found.overall == {"coverage@2": 3 / 4, "gini@2": pytest.approx(6 / 16)}
    assert (found.users, found.k) == (2, 2)


def test_what_was_met_may_be_asked_for_again() -> None:
    found = judge(create("popularity").fit(TRAIN), TRAIN, HELD_OUT, k=1, repeats=True)
    # Everybody is shown a: u wants b, v wants a and d, w wants c.
    assert found.per_user["hit_rate@1"].users == ("u", "v", "w")
    assert found.per_user["recall@1"].values.tolist() == [0, 0.5, 0]


def test_a_relevant_item_that_training_never_saw_counts_as_missed() -> None:
    later = dataset([("u", "b"), ("u", "brand-new")])
    found = judge(create("popularity").fit(TRAIN), TRAIN, later, k=4, measures=["recall"])
    assert found.per_user["recall@4"].values.tolist() == [0.5]


def test_sampled_ranking_ranks_among_the_relevant_and_the_drawn_only() -> None:
    model = create("popularity").fit(TRAIN)
    # v wants d, after c; with no other drawn it is alone, and first.
    alone = judge(model, TRAIN, HELD_OUT, k=1, measures=["hit_rate"], negatives=0)
    assert alone.per_user["hit_rate@1"].values.tolist() == [1, 1]
    # u may draw c or d, v only c: drawn without repeats, one is all for v.
    one = judge(model, TRAIN, HELD_OUT, k=1, measures=["hit_rate"], negatives=1)
    assert one.per_user["hit_rate@1"].values.tolist() == [1, 0]
    whole = judge(model, TRAIN, HELD_OUT, k=2, measures=["ndcg"])
    drawn = judge(model, TRAIN, HELD_OUT, k=2, measures=["ndcg"], negatives=100)
    assert drawn.value("ndcg@2") == whole.value("ndcg@2")


def test_sampled_ranking_repeats_by_its_seed() -> None:
    train = dataset([(f"u{n:02}", f"i{m:02}") for n in range(20) for m in range(n + 1)])
    later = dataset([(f"u{n:02}", "i10") for n in range(10)])
    model = create("popularity").fit(train)

    def drawn(seed: int) -> list[float]:
        found = judge(model, train, later, measures=["mrr"], negatives=2, seed=seed)
        return list(found.per_user["mrr@10"].values)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_nobody_to_ask_is_refused() -> None:
    model = create("popularity").fit(TRAIN)
    with pytest.raises(EvaluationError, match="did anything new"):
        judge(model, TRAIN, TRAIN)
    with pytest.raises(EvaluationError, match="did anything in"):
        judge(model, TRAIN, dataset([("stranger", "a")]), repeats=True)


def test_a_measure_that_is_none_is_named_with_those_there_are() -> None:
    model = create("popularity").fit(TRAIN)
    with pytest.raises(UnknownMeasureError, match=r"'ndgc'; there are: ndcg, map, precision"):
        judge(model, TRAIN, HELD_OUT, measures=["ndgc"])
    found = judge(model, TRAIN, HELD_OUT, k=2, measures=["ndcg"])
    with pytest.raises(EvaluationError, match="'map@2' was not measured; there are: ndcg@2"):
        found.value("map@2")


CATALOGUE = pd.DataFrame(
    {
        "item": list("abcd"),
        "categories": [["drama"], ["drama", "war"], [], ["war"]],
        "attributes": [{"maker": "x"}, {"maker": "x"}, {"maker": "y"}, {}],
    }
)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("categories", {"drama": [0.5, 0.0], "war": [0.5, 0.5]}),  # u is shown b, c; v: c, d
        ("maker", {"x": [0.5, 0.0], "y": [0.5, 0.5]}),
    ],
)
def test_exposure_is_by_any_attribute_of_the_catalogue(
    attribute: str, expected: dict[str, list[float]]
) -> None:
    rows = pd.DataFrame(
        [("u", "a"), ("v", "a"), ("w", "a"), ("v", "b"), ("w", "b"), ("w", "c"), ("x", "d")],
        columns=["user", "item"],
    )
    train = Dataset.from_frames(rows, CATALOGUE)
    model = create("popularity").fit(train)
    found = judge(model, train, HELD_OUT, k=2, measures=[], exposure=attribute)
    assert {name: one.values.tolist() for name, one in found.per_user.items()} == {
        f"exposure@2 {attribute}={value}": shares for value, shares in expected.items()
    }
    with pytest.raises(EvaluationError, match="has 'colour'; there are: categories, maker"):
        judge(model, train, HELD_OUT, exposure="colour")


def test_figures_of_two_models_meet_by_user() -> None:
    one = Figures(users=("u", "v", "w"), values=np.array([1.0, 2.0, 3.0]))
    other = Figures(users=("w", "x", "u"), values=np.array([30.0, 40.0, 10.0]))
    ours, theirs = one.beside(other)
    assert (ours.tolist(), theirs.tolist()) == ([1.0, 3.0], [10.0, 30.0])
    assert np.isnan(Figures(users=("u",), values=np.array([np.nan])).mean)


def test_clicks_are_measured_on_the_rows_that_have_a_probability() -> None:
    frame = pd.DataFrame({"user": list("uuvw"), "item": list("abca"), "label": [1, 0, 1, 0]})
    found = clicks(Fixed([0.9, 0.2, np.nan, 0.4]), frame)
    assert (found.users, found.rows, found.unscored) == (("u", "w"), 3, 1)
    assert found.values["auc"].mean() == 1.0
    logloss = -(np.log(0.9) + np.log(0.8) + np.log(0.6)) / 3
    assert found.values["logloss"].mean() == pytest.approx(logloss)


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
