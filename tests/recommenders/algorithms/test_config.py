from dataclasses import dataclass

import pytest

from recommenders.algorithms.config import Config, choice, hyperparameter, text, texts
from recommenders.exceptions import HyperparameterError, UnknownHyperparameterError


def no_colour(value: str) -> str | None:
    return None if value in ("red", "green", "blue") else f"{value} is no colour"


@dataclass(frozen=True, kw_only=True)
class Example(Config):
    k_neighbours: int = hyperparameter(
        9, low=1, high=99, help="How many.", search=(5, 50), log=True, formerly="neighbours"
    )
    shrinkage: float = hyperparameter(2.0, low=0.0, high=10.0, help="How much.")
    similarity: str = choice("cosine", choices=("cosine", "bm25"), help="Which.")
    shade: str = text("red", says="give a colour", wrong=no_colour, help="Which.")
    shades: tuple[str, ...] = texts(
        ("red", "blue"), low=1, high=2, says="a colour", wrong=no_colour, help="Which."
    )


def test_a_field_says_what_it_may_be() -> None:
    assert {field.name: field.allowed for field in Example.fields()} == {
        "k_neighbours": "give a whole number from 1 to 99",
        "shrinkage": "give a number from 0 to 10",
        "similarity": "choose one of cosine, bm25",
        "shade": "give a colour",
        "shades": "give 1 to 2, all different; each: a colour",
    }


def test_a_search_varies_what_says_so() -> None:
    assert [field.name for field in Example.search_space()] == ["k_neighbours", "similarity"]
    numbers, words = Example.search_space()
    assert (numbers.search, numbers.log) == ((5, 50), True)
    assert words.choices == ("cosine", "bm25")


def test_texts_come_back_from_json_as_they_were() -> None:
    assert Example.of("x", {"shades": ["green", "red"]}).shades == ("green", "red")
    assert Example.of("x", {"shades": ["green"]}) == Example(shades=("green",))


def test_a_refused_text_is_told_what_is_wrong_with_it() -> None:
    with pytest.raises(HyperparameterError) as got:
        Example.of("x", {"shades": ["red", "loud"]})
    assert got.value.allowed == "give 1 to 2, all different; each: a colour; loud is no colour"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("similarity", "dice"),
        ("similarity", 1),
        ("shade", "loud"),
        ("shade", 1),
        ("shades", "red"),
        ("shades", []),
        ("shades", ["red", "red"]),
        ("shades", ["red", "blue", "green"]),
        ("shades", ["loud"]),
    ],
)
def test_a_text_that_is_not_allowed_is_refused(field: str, value: object) -> None:
    with pytest.raises(HyperparameterError, match=f"'{field}'") as got:
        Example.of("x", {field: value})
    assert got.value.field == field


def test_a_name_of_before_is_still_read() -> None:
    assert Example.of("x", {"neighbours": 7}).k_neighbours == 7
    with pytest.raises(UnknownHyperparameterError, match="it has: k_neighbours, shrinkage"):
        Example.of("x", {"neighbors": 7})
