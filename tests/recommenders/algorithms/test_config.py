from dataclasses import dataclass

import pytest

from recommenders.algorithms.config import Config, choice, chosen_names, hyperparameter
from recommenders.exceptions import HyperparameterError, UnknownHyperparameterError


@dataclass(frozen=True, kw_only=True)
class Example(Config):
    k_neighbours: int = hyperparameter(
        9, low=1, high=99, help="How many.", search=(5, 50), log=True, formerly="neighbours"
    )
    shrinkage: float = hyperparameter(2.0, low=0.0, high=10.0, help="How much.")
    similarity: str = choice("cosine", choices=("cosine", "bm25"), help="Which.")
    parts: tuple[str, ...] = chosen_names(
        ("ease", "item_knn"), choices=("ease", "item_knn", "slim"), low=1, high=2, help="What."
    )


def test_a_field_says_what_it_may_be() -> None:
    assert {field.name: field.allowed for field in Example.fields()} == {
        "k_neighbours": "give a whole number from 1 to 99",
        "shrinkage": "give a number from 0 to 10",
        "similarity": "choose one of cosine, bm25",
        "parts": "give 1 to 2 different ones of ease, item_knn, slim",
    }


def test_a_search_varies_what_says_so() -> None:
    assert [field.name for field in Example.search_space()] == ["k_neighbours", "similarity"]
    numbers, words = Example.search_space()
    assert (numbers.search, numbers.log) == ((5, 50), True)
    assert words.choices == ("cosine", "bm25")


def test_names_come_back_from_json_as_they_were() -> None:
    assert Example.of("x", {"parts": ["slim", "ease"]}).parts == ("slim", "ease")
    assert Example.of("x", {"parts": ["slim"]}) == Example(parts=("slim",))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("similarity", "dice"),
        ("similarity", 1),
        ("parts", "ease"),
        ("parts", []),
        ("parts", ["ease", "ease"]),
        ("parts", ["ease", "item_knn", "slim"]),
        ("parts", ["tarot"]),
    ],
)
def test_a_word_that_is_no_choice_is_refused(field: str, value: object) -> None:
    with pytest.raises(HyperparameterError, match=f"'{field}'") as got:
        Example.of("x", {field: value})
    assert got.value.field == field


def test_a_name_of_before_is_still_read() -> None:
    assert Example.of("x", {"neighbours": 7}).k_neighbours == 7
    with pytest.raises(UnknownHyperparameterError, match="it has: k_neighbours, shrinkage"):
        Example.of("x", {"neighbors": 7})
