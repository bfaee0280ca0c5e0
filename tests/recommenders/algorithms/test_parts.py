import pytest

from recommenders.algorithms import create
from recommenders.algorithms.parts import Part, read
from recommenders.exceptions import HyperparameterError, InvalidRequestError


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("ease", Part(algorithm="ease", config={})),
        (" ease( l2 = 3e2 ) ", Part(algorithm="ease", config={"l2": 300.0})),
        ("2 * content", Part(algorithm="content", config={}, weight=2.0)),
        ("0.5 * slim(l1=1)", Part(algorithm="slim", config={"l1": 1}, weight=0.5)),
        (
            "blend(parts=['ease', '2 * content'], method='weighted')",
            Part(
                algorithm="blend",
                config={"parts": ["ease", "2 * content"], "method": "weighted"},
            ),
        ),
    ],
)
def test_an_algorithm_is_written_with_its_settings(written: str, part: Part) -> None:
    assert read(written) == part


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ease(300)",
        "ease(l2=)",
        "ease(**{'l2': 3})",
        "ease(l2=open('x'))",
        "ease.fit(l2=1)",
        "-1 * ease",
        "0 * ease",
        "2 * 2 * ease",
        "ease\0",
        "(" * 900,
        "ease(l2=" + "1" * 1_000 + ")",
    ],
)
def test_anything_else_is_refused_and_nothing_of_it_runs(written: str) -> None:
    with pytest.raises(InvalidRequestError, match="is no algorithm with settings"):
        read(written)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("tarot", "no algorithm is called 'tarot'"),
        ("ease(l3=1)", "'ease' has no hyper-parameter 'l3'"),
        ("ease(l2=-1)", "hyper-parameter 'l2' cannot be -1"),
        ("2 * ease", "has a weight"),
        ("mmr(ranks='ease(l3=1)')", "'ease' has no hyper-parameter 'l3'"),
    ],
)
def test_what_is_wrong_with_a_part_is_said(value: str, why: str) -> None:
    with pytest.raises(HyperparameterError) as got:
        create("two_stage", ranks=value)
    assert got.value.field == "ranks"
    assert got.value.allowed.startswith("give an algorithm, with settings")
    assert why in got.value.allowed
