from typing import Any

import numpy as np
import pytest
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from recommenders.algorithms import Algorithm, create
from recommenders.algorithms.elastic_net import solve
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import dataset


class TestSlim(AlgorithmContract):
    name = "slim"
    config = {"l1": 0.01, "l2": 20.0}
    strangers = False
    smallest = True
    similar = True
    additive = True
    updatable = False

    def test_two_items_have_the_weights_of_the_formula(self) -> None:
        # G = [[3, 2], [2, 2]]: a says of b (2 - l1) / (3 + l2), b of a (2 - l1) / (2 + l2).
        rows = [("u", "a"), ("u", "b"), ("v", "a"), ("v", "b"), ("w", "a")]
        model = create("slim", l1=0.5, l2=1.0).fit(dataset(rows))
        _, scores = model.recommend(["w"], k=1)
        assert scores[0, 0] == pytest.approx(1.5 / 4, rel=1e-6)
        assert model.similar_items("a")[1].tolist() == pytest.approx([1.5 / 3])

    def test_a_large_l1_leaves_nothing_to_say(self) -> None:
        model = create("slim", l1=5.0, l2=1.0).fit(dataset())
        assert not model.can_serve("u1")
        assert model.recommend(["u3"], k=1)[0].tolist() == [[None]]

    def test_only_the_most_popular_items_are_read_and_shown(self) -> None:
        model = create("slim", **{**self.config, "max_items": 3}).fit(dataset())
        ids, _ = model.recommend(["x"], k=7, histories=[["a1", "a3", "b2"]])
        assert [item for item in ids[0] if item] == ["a2"]

    def test_every_pass_is_a_point_of_the_curve(self) -> None:
        curve: list[dict[str, float]] = []

        def progress(fraction: float, message: str, point: dict[str, float] | None) -> None:
            if point:
                curve.append(point)

        create("slim", **self.config, epochs=2).fit(dataset(), progress=progress)
        assert [point["epoch"] for point in curve] == [1.0, 2.0]
        assert curve[0]["largest_move"] > curve[1]["largest_move"] > 0


@pytest.fixture(scope="module")
def gram() -> Any:
    rng = np.random.default_rng(11)
    dense = (rng.random((80, 70)) < np.linspace(0.05, 0.5, 70)).astype(np.float32)
    return dense.T @ dense


def test_weights_equal_scipys_non_negative_least_squares_column_by_column(gram: Any) -> None:
    l1, l2 = 0.7, 3.0
    weights = solve(gram, l1=l1, l2=l2, sweeps=500, tolerance=1e-7)
    for item in range(len(gram)):
        others = np.delete(np.arange(len(gram)), item)
        square = gram[np.ix_(others, others)].astype(np.float64) + l2 * np.eye(len(others))
        upper = cholesky(square)
        target = solve_triangular(upper, gram[others, item] - l1, trans="T")
        expected, _ = nnls(upper, target)
        np.testing.assert_allclose(weights[others, item], expected, atol=1e-4)
    assert (np.diag(weights) == 0).all()


def test_blocks_do_not_change_the_weights(gram: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = solve(gram, l1=0.7, l2=3.0, sweeps=3)
    for size in (1, 7, 999):
        monkeypatch.setattr("recommenders.algorithms.elastic_net._BLOCK", size)
        np.testing.assert_allclose(solve(gram, l1=0.7, l2=3.0, sweeps=3), whole, atol=1e-5)


def test_it_ends_when_the_weights_stand_still(gram: Any) -> None:
    passes: list[float] = []
    solve(gram, l1=0.7, l2=50.0, sweeps=99, told=lambda sweep, largest: passes.append(largest))
    assert len(passes) < 99
    assert passes[-1] < 1e-3 <= passes[-2]


def test_only_weights_above_zero_are_stored() -> None:
    model: Algorithm[Any] = create("slim", l1=0.5, l2=1.0).fit(dataset())
    arrays: dict[str, Any] = dict(model._arrays())
    assert (arrays["neighbour_weights"] > 0).all()
    assert len(arrays["neighbour_weights"]) < 7 * 6
