from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recommenders.algorithms import Algorithm, Contribution, Reason, create
from recommenders.algorithms.gram import Ridge
from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import dataset


class TestEase(AlgorithmContract):
    name = "ease"
    config = {"l2": 0.5, "dropout": 0.0}
    strangers = False
    smallest = True
    similar = True
    additive = True
    updatable = True

    def test_nothing_crosses_from_one_taste_to_the_other(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u4", "v3"], k=7)
        assert {item for item in ids[0] if item} <= {"a2", "a3", "a4"}
        assert {item for item in ids[1] if item} <= {"b2", "b3"}

    def test_two_items_have_the_weights_of_the_formula(self) -> None:
        # G = [[3, 2], [2, 2]], D = 1: P = [[3, -2], [-2, 4]] / 8, and -P[0, 1] / P[1, 1] = 2 / 4.
        rows = [("u", "a"), ("u", "b"), ("v", "a"), ("v", "b"), ("w", "a")]
        model = create("ease", l2=1.0, dropout=0.0).fit(dataset(rows))
        ids, scores = model.recommend(["w"], k=1)
        assert ids[0, 0] == "b"
        assert scores[0, 0] == pytest.approx(2 / 4, rel=1e-6)
        assert model.similar_items("b")[1].tolist() == pytest.approx([2 / 3])
        assert model.reasons("w", ["b"]) == [Reason(kind="because", item="a")]
        parts = model.explain("w", "b")
        assert parts == [Contribution(item="a", amount=float(scores[0, 0]))]

    def test_only_the_most_popular_items_are_read_and_shown(self) -> None:
        model = create("ease", l2=0.5, dropout=0.0, max_items=3).fit(dataset())
        ids, _ = model.recommend(["x"], k=7, histories=[["a1", "a3", "b2"]])
        assert [item for item in ids[0] if item] == ["a2"]
        assert model.similar_items("a4")[0].tolist() == []
        assert model.explain("x", "a4", ["a1"]) == []
        assert not model.can_serve("x", ["b2"])

    def test_an_update_that_changes_which_items_are_learned_is_a_fit(self) -> None:
        new = [("u4", "a3"), ("v1", "a3"), ("v2", "a3")]
        small = create("ease", l2=0.5, dropout=0.0, max_items=3)
        updated = small.fit(dataset()).update(dataset(new))
        ids, _ = updated.recommend(["x"], k=7, histories=[["a1"]])
        assert "a3" in set(ids[0])


def people(seed: int, users: int = 60, items: int = 25) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    met = np.argwhere(rng.random((users, items)) < np.linspace(0.05, 0.5, items))
    table = pd.DataFrame(rng.permutation(met), columns=["user", "item"])
    return table.assign(user=table.user.map("u{:03}".format), item=table.item.map("i{:03}".format))


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_scores_equal_one_least_squares_per_item(dropout: float) -> None:
    """Each column by numpy's own least squares with the item itself left out of the regressors."""
    data = Dataset.from_frames(people(3))
    dense = data.matrix.toarray().astype(np.float64)
    penalty = np.sqrt(20.0 + dropout / (1 - dropout) * dense.sum(axis=0))
    fitted = Ridge.fit(data.matrix, l2=20.0, dropout=dropout, most=99)
    for item in range(data.n_items):
        others = np.delete(np.arange(data.n_items), item)
        regressors = np.vstack([dense[:, others], np.diag(penalty[others])])
        target = np.concatenate([dense[:, item], np.zeros(len(others))])
        expected = np.linalg.lstsq(regressors, target, rcond=None)[0]
        np.testing.assert_allclose(fitted.weights[others, item], expected, atol=2e-6)
    assert (np.diag(fitted.weights) == 0).all()


def parts(model: Algorithm[Any]) -> dict[str, Any]:
    return dict(model._arrays())


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_few_new_rows_are_taken_in_without_a_solution(
    monkeypatch: pytest.MonkeyPatch, dropout: float
) -> None:
    rows = people(5)
    new = pd.DataFrame(
        {"user": ["u001", "newcomer", "u001"], "item": ["i000", "i003", "brand-new"]}
    )
    first = create("ease", l2=10.0, dropout=dropout).fit(Dataset.from_frames(rows))
    whole = create("ease", l2=10.0, dropout=dropout).fit(
        Dataset.from_frames(pd.concat([rows, new]))
    )
    monkeypatch.setattr("recommenders.algorithms.gram._inverse", None)
    updated = first.update(Dataset.from_frames(new))
    for name, array in parts(whole).items():
        np.testing.assert_allclose(parts(updated)[name], array, atol=1e-6)


def test_a_penalty_too_small_for_the_data_is_refused() -> None:
    twins = sp.csr_matrix(np.ones((100_000, 3), np.float32))
    with pytest.raises(NotEnoughDataError, match="l2 is too small"):
        Ridge.fit(twins, l2=1e-3, dropout=0.0, most=3)
