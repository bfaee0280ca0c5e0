from collections import Counter
from typing import Any

import numpy as np
import pytest

from recommenders.algorithms import Algorithm, Reason, create
from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError
from tests.recommenders.algorithms.test_content import titled
from tests.recommenders.contract import CATALOGUE, AlgorithmContract
from tests.recommenders.toy import ROWS, dataset


class TestColdStart(AlgorithmContract):
    name = "cold_start"
    strangers = True
    smallest = True
    similar = True
    additive = False
    updatable = True

    @classmethod
    def data(cls, rows: list[tuple[str, str]] = ROWS) -> Dataset:
        return titled(rows)

    def test_each_rung_fills_what_those_before_it_leave(self, model: Algorithm[Any]) -> None:
        # Of u3, who met a1 and a2, content has a3 and a4; the rest are popular.
        ids, scores = model.recommend(["u3"], k=4)
        assert list(ids[0]) == ["a3", "a4", "b1", "b2"]
        assert scores[0].tolist() == [2.0, 1.5, 1.0, 0.5]

    def test_the_reason_says_which_rung_served(self, model: Algorithm[Any]) -> None:
        assert model.reasons("u3", ["a3", "b1"]) == [
            Reason(kind="because", item="a1"),
            Reason(kind="popular", people=3),
        ]

    def test_without_a_draw_nothing_is_left_to_chance(self, model: Algorithm[Any]) -> None:
        found = model.propose(["u3", "x"], k=5)
        assert (found.propensities == 1.0).all()
        assert not found.drawn.any()

    def test_the_same_user_and_number_draw_the_same(self) -> None:
        model = create("cold_start", exploration=0.5).fit(titled())
        one, again = (model.propose(["u3", "x"], k=5, draw=7) for _ in range(2))
        assert one.ids.tolist() == again.ids.tolist()
        alone = model.propose(["x"], k=5, draw=7)
        assert alone.ids[0].tolist() == one.ids[1].tolist()
        slates = {tuple(model.propose(["x"], k=5, draw=n).ids[0]) for n in range(20)}
        assert len(slates) > 5

    def test_drawn_items_say_so_and_stay_within_what_may_be_shown(self) -> None:
        model = create("cold_start", exploration=1.0).fit(titled())
        found = model.propose(["u3"], k=7, exclude=["b1"], draw=1)
        shown = [item for item in found.ids[0] if item]
        assert sorted(shown) == sorted(CATALOGUE - {"a1", "a2", "b1"})
        assert found.drawn[0, :4].all()
        assert found.scores[0, :4].tolist() == [0.0] * 4
        np.testing.assert_allclose(found.propensities[0, :4], [1 / 4, 1 / 3, 1 / 2, 1])

    def test_propensities_are_how_often_an_item_comes_to_its_place(self) -> None:
        # Of a stranger, a1 is greedy: 0.7 + 0.3 / 7; each other item has 0.3 / 7 at the top.
        model = create("cold_start", rungs=["popularity"], exploration=0.3).fit(dataset())
        draws = [model.propose(["x"], k=2, draw=n) for n in range(6_000)]
        tops = Counter(found.ids[0, 0] for found in draws)
        said = {found.ids[0, 0]: found.propensities[0, 0] for found in draws}
        assert said == pytest.approx({item: 0.3 / 7 + 0.7 * (item == "a1") for item in CATALOGUE})
        for item, chance in said.items():  # within 4 standard errors
            assert abs(tops[item] / 6_000 - chance) < 4 * np.sqrt(chance * (1 - chance) / 6_000)
        slates = Counter(tuple(found.ids[0]) for found in draws)
        chance = {tuple(found.ids[0]): float(found.propensities[0].prod()) for found in draws}
        assert slates[("a1", "a2")] / 6_000 == pytest.approx(chance[("a1", "a2")], abs=0.026)
        assert sum(chance.values()) == pytest.approx(1.0)  # all 42 slates were drawn

    def test_a_place_that_no_rung_fills_is_drawn(self) -> None:
        model = create("cold_start", rungs=["item_knn"], exploration=0.0).fit(dataset())
        found = model.propose(["v3"], k=3, draw=3)  # b2 and b3 are near
        assert found.ids[0, :2].tolist() == ["b2", "b3"]
        assert found.drawn[0].tolist() == [False, False, True]
        assert found.propensities[0].tolist() == [1.0, 1.0, 1 / 4]

    def test_without_descriptions_it_says_what_to_do(self) -> None:
        with pytest.raises(NotEnoughDataError, match="import the items"):
            create("cold_start").fit(dataset())
