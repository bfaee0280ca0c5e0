from typing import Any

import numpy as np
import pytest

from recommenders.algorithms import Algorithm, Reason, create
from recommenders.algorithms.factors import Newton
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import dataset


class TestBpr(AlgorithmContract):
    name = "bpr"
    config = {"factors": 4, "epochs": 300, "learning_rate": 0.05, "l2": 0.01}
    strangers = False
    smallest = True
    similar = True
    additive = False
    updatable = False

    def test_people_get_their_taste_first(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u3", "v2"], k=2)
        assert [set(ids[0]), ids[1, 0]] == [{"a3", "a4"}, "b3"]

    def test_the_reason_is_what_is_most_alike_else_the_crowd(self, model: Algorithm[Any]) -> None:
        reason = model.reasons("x", ["a3"], ["b1", "a2"])[0]
        assert reason == Reason(kind="because", item="a2")
        assert model.reasons("x", ["a3"], ["b1"]) == [Reason(kind="popular", people=2)]


def test_a_person_is_placed_by_one_newton_step_over_all_pairs() -> None:
    rng = np.random.default_rng(4)
    items = rng.normal(size=(30, 3)).astype(np.float32)
    history = np.array([3, 7, 11])
    pairs = (items[history][:, None, :] - items[None, :, :]).reshape(-1, 3).astype(np.float64)
    gradient = -pairs.mean(axis=0) / 2  # of -ln s(x p) at x = 0
    curvature = pairs.T @ pairs / len(pairs) / 4 + 0.5 * np.eye(3)
    placed = Newton.of(items, l2=0.5).place([history, history[:0]])
    np.testing.assert_allclose(placed[0], -np.linalg.solve(curvature, gradient), rtol=1e-4)
    assert placed[1].tolist() == [0.0, 0.0, 0.0]


def test_a_curve_says_how_many_pairs_are_in_order() -> None:
    curves: list[dict[str, float]] = []

    def progress(fraction: float, message: str, curve: dict[str, float] | None) -> None:
        if curve:
            curves.append(curve)

    create("bpr", factors=2, epochs=50, learning_rate=0.1).fit(dataset(), progress=progress)
    assert [curve["epoch"] for curve in curves] == list(range(1, 51))
    assert curves[-1]["pairs_in_order"] > curves[0]["pairs_in_order"]


def test_a_seed_given_takes_the_place_of_the_configured_one() -> None:
    def scores(seed: int, given: int | None) -> list[float]:
        model = create("bpr", factors=2, epochs=5, seed=seed).fit(dataset(), seed=given)
        return [float(one) for one in model.recommend(["u3"], 3)[1][0]]

    assert scores(1, 2) == scores(2, None)
    assert scores(1, None) != pytest.approx(scores(2, None), rel=1e-6)
