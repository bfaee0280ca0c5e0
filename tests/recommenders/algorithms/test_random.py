from collections import Counter
from typing import Any

import numpy as np

from recommenders.algorithms import Algorithm, Reason, create
from tests.recommenders.contract import CATALOGUE, AlgorithmContract
from tests.recommenders.toy import dataset


class TestRandom(AlgorithmContract):
    name = "random"
    strangers = True
    smallest = True
    similar = False
    additive = False
    updatable = True

    def test_a_given_history_takes_the_place_of_the_kept_one(self, model: Algorithm[Any]) -> None:
        """It says what may not be shown; each user has a draw of their own."""
        ids, _ = model.recommend(["nobody"], k=7, histories=[["a1", "a2"]])
        assert set(ids[0]) == {*CATALOGUE - {"a1", "a2"}, None}

    def test_histories_by_user_fall_back_to_the_kept_ones(self, model: Algorithm[Any]) -> None:
        ids, _ = model.recommend(["u3", "nobody"], k=7, histories={"nobody": ["b1"]})
        assert list(ids[0]) == list(model.recommend(["u3"], k=7)[0][0])
        assert set(ids[1]) == {*CATALOGUE - {"b1"}, None}

    def test_each_user_and_each_request_has_a_draw_of_its_own(self, model: Algorithm[Any]) -> None:
        users = [f"x{n}" for n in range(40)]
        slates = {tuple(slate) for slate in model.recommend(users, k=3)[0]}
        assert len(slates) > 20
        assert model.recommend(["x1"], k=3)[0].tolist() == model.recommend(["x1"], k=3)[0].tolist()
        asked = {tuple(model.propose(["x1"], k=3, draw=n).ids[0]) for n in range(40)}
        assert len(asked) > 20

    def test_propensities_are_those_of_a_draw_without_replacement(
        self, model: Algorithm[Any]
    ) -> None:
        found = model.propose(["u3"], k=4, exclude=["b1"], draw=5)  # a3, a4, b2 and b3 are left
        np.testing.assert_allclose(found.propensities[0], [1 / 4, 1 / 3, 1 / 2, 1.0])
        assert found.drawn.all()
        assert model.reasons("u3", ["a3"]) == [Reason(kind="random")]

    def test_all_items_come_to_the_top_alike(self, model: Algorithm[Any]) -> None:
        tops = Counter(model.propose(["x"], k=1, draw=n).ids[0, 0] for n in range(3_500))
        assert set(tops) == CATALOGUE
        for count in tops.values():  # within 4 standard errors of 500
            assert abs(count - 500) < 4 * np.sqrt(3_500 * (1 / 7) * (6 / 7))

    def test_another_seed_draws_other_slates(self) -> None:
        users = [f"x{n}" for n in range(20)]
        one, other = (create("random", seed=n).fit(dataset()) for n in (1, 2))
        assert one.recommend(users, 3)[0].tolist() != other.recommend(users, 3)[0].tolist()
        given = create("random", seed=1).fit(dataset(), seed=2)
        assert given.recommend(users, 3)[0].tolist() == other.recommend(users, 3)[0].tolist()
