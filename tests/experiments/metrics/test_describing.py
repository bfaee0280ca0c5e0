"""Figures of slates: known by construction, and the same number of slates from every arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from experiments.metrics import Catalogue, Scorecard, ScorecardSpec, scorecard
from experiments.metrics.describing import MOST_SLATES
from experiments.metrics.sampled import Sampled
from experiments.metrics.variety import figures, gini, stock

MakeSpec = Callable[..., ScorecardSpec]

CATEGORIES = {
    "a": frozenset({"film"}),
    "b": frozenset({"film", "war"}),
    "c": frozenset({"book"}),
    "d": frozenset({"book"}),
    "z": frozenset[str](),
}


CATALOGUE = Catalogue.of(CATEGORIES)


def slates(*served: str) -> Sampled:
    """Of items that are letters."""
    return Sampled.of(pa.array(map(list, served), pa.list_(pa.string())))


def described(card: Scorecard) -> dict[tuple[str, str], tuple[float | None, str | None]]:
    return {(d.variant, d.name): (d.value, d.reason) for d in card.described}


def test_the_figures_of_one_slate_are_those_computed_by_hand() -> None:
    # Pairs: a-b share 1 of 2 categories, a-c and b-c none. z is never served.
    popularity = {"a": 4, "b": 1}
    found = figures(slates("abc"), stock(set("abc"), popularity, CATALOGUE), popularity)

    assert found["different_items"] == (3.0, None)
    assert found["coverage"] == (0.6, None)
    assert found["gini"][0] == pytest.approx(0.4)
    assert found["diversity"][0] == pytest.approx((0.5 + 1 + 1) / 3)
    # Shares 5, 2 and 1 of 5 events + 5 items.
    assert found["novelty"][0] == pytest.approx((1 + 2.321928 + 3.321928) / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("counts", "expected"), [([3, 3, 3], 0.0), ([0, 0, 0, 8], 0.75), ([1, 2, 3, 4], 0.25)]
)
def test_gini_is_zero_for_equals_and_grows_with_concentration(
    counts: list[int], expected: float
) -> None:
    assert gini(counts) == pytest.approx(expected)


def test_what_cannot_be_known_has_a_reason() -> None:
    bare = figures(slates("ab"), stock({"a", "b"}, {}, None), {})

    assert (bare["coverage"], bare["diversity"]) == ((None, "no_catalogue"), (None, "no_catalogue"))
    assert bare["novelty"] == (None, "no_pre_period")
    assert bare["gini"] == (0.0, None)
    lonely = figures(slates("a", "za"), stock({"a", "z"}, {}, CATALOGUE), {})
    assert lonely["diversity"] == (None, "no_pairs_with_categories")
    assert set(figures(slates(), stock(set(), {}, None), {}).values()) == {(None, "no_slates")}


def test_the_arm_with_more_slates_gives_as_many_as_the_other(log: Any, make_spec: MakeSpec) -> None:
    for i in range(40):
        log.serve(f"A{i}", "A", "ab", at=i)
        for _time in range(5):
            log.serve(f"B{i}", "B", "abcd"[i % 4], at=i)
    log.event("view", "A1", at=-60, item="a")
    spec = make_spec(described=True)

    card = scorecard(log.exposures, log.events, spec, catalogue=CATALOGUE)

    assert {d.slates for d in card.described} == {40}
    found = described(card)
    assert found["A", "different_items"] == (2.0, None)
    assert found["B", "coverage"] == (0.8, None)
    assert found["A", "diversity"] == (0.5, None)
    assert found["B", "diversity"] == (None, "no_pairs_with_categories")
    assert described(scorecard(log.exposures, log.events, spec))["A", "gini"][0] is not None


def test_only_slates_of_people_who_count_are_described(log: Any, make_spec: MakeSpec) -> None:
    log.serve("u", "A", "a")
    log.serve("v", "B", "b")
    log.serve("crossed", "A", "x", at=1)
    log.serve("crossed", "B", "x", at=2)
    log.serve("u", "A", "x", reason="override")
    log.serve("v", "B", "x", experiment="cart")

    found = described(scorecard(log.exposures, log.events, make_spec(described=True)))

    assert (found["A", "different_items"], found["B", "different_items"]) == ((1, None), (1, None))


def test_unless_asked_nothing_is_described(log: Any, make_spec: MakeSpec) -> None:
    log.serve("u", "A", "a")

    assert scorecard(log.exposures, log.events, make_spec()).described == ()


def test_of_many_slates_a_sample_is_described(
    log: Any, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.metrics.describing.MOST_SLATES", 30)
    for i in range(400):
        log.serve(f"A{i}", "A", "ab", at=1)
        log.serve(f"B{i}", "B", "cd", at=1)
    spec = make_spec(described=True)

    first, again = (scorecard(log.exposures, log.events, spec) for _time in range(2))

    assert MOST_SLATES == 20_000
    assert Counter(d.slates for d in first.described) == {30: 10}
    assert first.described == again.described


def test_only_items_that_the_log_names_are_looked_up(log: Any, make_spec: MakeSpec) -> None:
    asked: list[set[str]] = []

    def look(items: Any) -> dict[str, frozenset[str]]:
        asked.append(set(items))
        return {item: CATEGORIES[item] for item in items if item in CATEGORIES}

    log.serve("u", "A", "ab")
    log.serve("v", "B", "cx")
    log.event("view", "w", at=-60, item="y")
    catalogue = Catalogue(size=1_000_000, look=look)

    found = described(
        scorecard(log.exposures, log.events, make_spec(described=True), catalogue=catalogue)
    )

    assert set().union(*asked) == {"a", "b", "c", "x", "y"}
    assert found["A", "coverage"] == (2e-6, None)
    assert found["B", "coverage"] == (1e-6, None)
    # 1,000,000 of the catalogue and x: two of them served once each.
    assert found["A", "gini"][0] == pytest.approx(1 - 2 / 1_000_001)


def test_zeros_need_not_be_written_out() -> None:
    assert gini([3, 1, 4], never=5) == pytest.approx(gini([3, 1, 4, 0, 0, 0, 0, 0]))
