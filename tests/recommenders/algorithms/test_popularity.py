from typing import Any

from recommenders.algorithms import Algorithm, Reason, create
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
