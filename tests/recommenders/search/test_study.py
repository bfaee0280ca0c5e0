"""Searches of a known landscape: the best is at x = 0.3, kind b."""

from collections.abc import Iterator
from statistics import median

import pytest

from recommenders.algorithms.fields import Field
from recommenders.exceptions import NotEnoughDataError
from recommenders.search.space import Settings
from recommenders.search.study import SAMPLERS, Plan, Tried, best, run

X = Field(name="x", type=float, default=0.9, help="", low=0, high=1, search=(0.0, 1.0))
KIND = Field(name="kind", type=str, default="a", help="", choices=("a", "b"), searched=True)
OWN: Settings = {"x": 0.9, "kind": "a"}
FOLDS = 3


def height(settings: Settings) -> float:
    x = settings["x"]
    assert isinstance(x, float)
    return 1 - (x - 0.3) ** 2 + (0.5 if settings["kind"] == "b" else 0.0)


class Landscape:
    """Counts the folds it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, settings: Settings) -> Iterator[float]:
        for _ in range(FOLDS):
            self.asked += 1
            yield height(settings)


def plan(**changes: object) -> Plan:
    return Plan(fields=(X, KIND), own=OWN, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_begins_with_its_own_settings_and_finds_better_ones(sampler: str) -> None:
    tried = list(run(plan(sampler=sampler, trials=9), Landscape()))
    found = best(tried, better=1)
    assert tried[0].settings == OWN
    assert tried[0].value == pytest.approx(height(OWN))
    assert [one.number for one in tried] == list(range(9))
    assert found is not None
    assert found.settings["kind"] == "b"
    assert found.value == max(one.value for one in tried if one.value is not None)


def test_tpe_comes_closer_than_its_first_ten_random_tries() -> None:
    tried = list(run(plan(trials=40), Landscape()))
    late = best(tried, better=1)
    assert late is not None
    assert late.number >= 10
    assert height(late.settings) > 1.499


def test_what_will_not_win_is_given_up_after_a_fold() -> None:
    landscape = Landscape()
    tried = list(run(plan(sampler="random", trials=30), landscape))
    pruned = [one for one in tried if one.state == "pruned"]
    assert pruned
    assert {len(one.folds) for one in pruned} == {1}
    assert {one.value for one in pruned} == {None}
    assert landscape.asked == sum(len(one.folds) for one in tried) < 30 * FOLDS
    for one in pruned:
        before = [two.folds[0] for two in tried[: one.number] if two.state == "complete"]
        assert len(before) >= 5
        assert one.folds[0] < median(before)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_attempt_that_goes_on_repeats_no_trial(sampler: str) -> None:
    first = list(run(plan(sampler=sampler, trials=4), Landscape()))
    landscape = Landscape()
    rest = list(run(plan(sampler=sampler, trials=7, done=tuple(first)), landscape))
    assert [one.number for one in rest] == [4, 5, 6]
    assert landscape.asked == sum(len(one.folds) for one in rest)
    seen = [tuple(one.settings.values()) for one in (*first, *rest)]
    assert len(set(seen)) == len(seen)


def test_a_search_that_was_over_tries_nothing() -> None:
    first = tuple(run(plan(trials=3), Landscape()))
    assert list(run(plan(trials=3, done=first), Landscape())) == []


def test_a_grid_ends_with_its_last_combination() -> None:
    assert plan(sampler="grid", trials=100).total == 1 + 4 * 2
    assert len(list(run(plan(sampler="grid", trials=100), Landscape()))) == 9


def test_settings_that_cannot_be_fitted_fail_alone() -> None:
    def fails_on_b(settings: Settings) -> Iterator[float]:
        if settings["kind"] == "b":
            raise NotEnoughDataError("b needs more")
        yield height(settings)

    tried = list(run(plan(sampler="random", trials=12), fails_on_b))
    failed = [one for one in tried if one.state == "failed"]
    assert failed
    assert {(one.value, one.error) for one in failed} == {(None, "b needs more")}
    found = best(tried, better=1)
    assert found is not None
    assert found.settings["kind"] == "a"


def test_less_is_better_where_said() -> None:
    tried = list(run(plan(sampler="random", trials=10, better=-1), Landscape()))
    found = best(tried, better=-1)
    assert found is not None
    assert found.value == min(one.value for one in tried if one.value is not None)


def test_own_settings_outside_of_the_range_are_tried_all_the_same() -> None:
    wide = Plan(fields=(X,), own={"x": 7.0}, trials=3, sampler="tpe")
    tried = list(run(wide, lambda settings: iter([0.0])))
    assert tried[0].settings == {"x": 7.0}
    assert len(tried) == 3


def test_nothing_complete_has_no_best() -> None:
    assert best([Tried(number=0, settings={}, state="failed")], better=1) is None
