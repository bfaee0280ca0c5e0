import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommenders.algorithms import Algorithm, create, load
from recommenders.dataset import Dataset
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.toy import ROWS, dataset, frame


class TestAls(AlgorithmContract):
    name = "als"
    config = {"factors": 2, "l2": 0.1, "alpha": 20.0, "epochs": 30}
    strangers = False
    smallest = True
    similar = True
    additive = True
    updatable = True

    def test_people_get_what_their_taste_has_left(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u3", "v2"], k=2)
        assert [set(ids[0]), ids[1, 0]] == [{"a3", "a4"}, "b3"]

    def test_an_update_gives_what_a_fit_on_everything_gives(self, model: Algorithm[Any]) -> None:
        """It is half a step towards that: the items met since are solved for, others stay."""
        before = np.array(model._arrays()["item_factors"], np.float32)
        new = dataset([("u4", "a2"), ("w1", "a1"), ("w1", "c1")])
        updated = model.update(new)
        whole = dataset([*ROWS, ("u4", "a2"), ("w1", "a1"), ("w1", "c1")])
        start = np.vstack([before, np.zeros((1, 2))])  # c1 is the last id
        people = by_hand(start, whole.matrix.toarray(), l2=0.1, alpha=20.0)
        expected = by_hand(people, whole.matrix.toarray().T, l2=0.1, alpha=20.0)
        after = np.asarray(updated._arrays()["item_factors"], np.float64)
        touched = whole.items.codes(["a1", "a2", "c1"])
        np.testing.assert_allclose(after[touched], expected[touched], rtol=1e-3, atol=1e-4)
        others = np.setdiff1d(np.arange(8), touched)
        np.testing.assert_array_equal(after[others], start[others])
        assert "c1" in updated.recommend(["u4"], k=8)[0]
        assert updated.history("w1") == ["a1", "c1"]
        np.testing.assert_array_equal(model._arrays()["item_factors"], before)


def by_hand(factors: np.ndarray, met: np.ndarray, *, l2: float, alpha: float) -> np.ndarray:
    """Hu, Koren and Volinsky 2008, equation 4, cell by cell: who has met what, given the others."""
    solved = []
    for row in met:
        confidence = np.diag(np.where(row > 0, alpha, 1.0))
        system = factors.T @ confidence @ factors + l2 * np.eye(factors.shape[1])
        solved.append(np.linalg.solve(system, factors.T @ confidence @ row))
    return np.array(solved)


def test_a_score_is_that_of_the_person_solved_for_by_their_history() -> None:
    rng = np.random.default_rng(5)
    rows = [(f"u{u}", f"i{i}") for u in range(30) for i in rng.permutation(12)[:5]]
    data = Dataset.from_frames(frame(rows))
    model = create("als", factors=4, l2=2.0, alpha=6.0, epochs=3).fit(data, seed=1)
    factors = model._arrays()["item_factors"].astype(np.float64)
    person = by_hand(factors, data.matrix.toarray()[[7]], l2=2.0, alpha=6.0)[0]
    expected = factors @ person
    user = str(data.users.ids(np.array([7]))[0])
    ids, scores = model.recommend([user], 12, exclude_seen=False)
    shown = expected[data.items.codes([one for one in ids[0] if one])]
    np.testing.assert_allclose(scores[0, : len(shown)], shown, rtol=1e-3)
    assert len(shown) == np.count_nonzero(expected > 0)


def test_likeness_is_the_cosine_of_two_items(tmp_path: Path) -> None:
    model = create("als", factors=3, epochs=5, l2=0.1).fit(dataset(), seed=1)
    factors = model._arrays()["item_factors"]
    ids, likeness = model.similar_items("a1", k=2)
    first, second = factors[model.items.codes(["a1", ids[0]])]
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert likeness[0] == pytest.approx(cosine, rel=1e-5)


def test_only_training_imports_implicit(tmp_path: Path) -> None:
    create("als", **TestAls.config).fit(dataset()).save(tmp_path / "m")
    code = (
        "import sys; from recommenders.algorithms import load;"
        f"load({str(tmp_path / 'm')!r}).recommend(['u3'], 3);"
        "print('implicit' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "False"
    assert load(tmp_path / "m").config == create("als", **TestAls.config).config
