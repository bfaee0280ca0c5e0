"""CTR by position and by category, against a recount of the same rows by pandas."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from experiments.metrics import Catalogue, PhaseSpec, ScorecardSpec, scorecard
from experiments.metrics.results import Breakdown
from tests.experiments.metrics.conftest import START, seconds

MakeSpec = Callable[..., ScorecardSpec]

CATEGORIES = {
    item: frozenset({"film"} if item in "ab" else {"film", "book"} if item == "c" else {"book"})
    for item in "abcde"
}
CATALOGUE = Catalogue.of(CATEGORIES)


def breakdown(log: Any, spec: ScorecardSpec, catalogue: Catalogue | None = CATALOGUE) -> Breakdown:
    found = scorecard(log.exposures, log.events, spec, catalogue=catalogue).breakdown
    assert found is not None
    return found


def fill(log: Any, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Slates and clicks of chance, as rows of the log and as frames of those that count."""
    chance = random.Random(seed)
    slates, clicks = [], []
    for n in range(60):
        user, variant = f"u{n}", chance.choice("AB")
        for _time in range(chance.randrange(1, 4)):
            items = "".join(chance.sample("abcdef", chance.randrange(1, 6)))
            request = log.serve(user, variant, items, at=n)
            slates.append({"arm": variant, "request": request, "items": items})
            for item in chance.sample("abcdef", 2):  # f has no category; some are not in the slate
                for _again in range(chance.randrange(0, 3)):
                    log.click(user, request, item, at=n + 1)
                    clicks.append({"arm": variant, "request": request, "item": item})
    return pd.DataFrame(slates), pd.DataFrame(clicks).drop_duplicates()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("series", [True, False])
def test_positions_and_categories_are_those_of_a_recount(
    seed: int, series: bool, log: Any, make_spec: MakeSpec
) -> None:
    slates, clicks = fill(log, seed)
    served = slates.assign(item=slates["items"].map(list)).explode("item")
    served["position"] = served.groupby("request").cumcount() + 1
    both = served.merge(clicks.assign(clicked=1), on=["arm", "request", "item"], how="left")
    by_place = both.groupby(["arm", "position"]).agg(n=("item", "size"), clicks=("clicked", "sum"))
    both["category"] = both["item"].map(lambda item: sorted(CATEGORIES.get(item, ())))
    named = both.explode("category").dropna(subset="category")
    by_kind = named.groupby(["arm", "category"]).agg(n=("item", "size"), clicks=("clicked", "sum"))

    found = breakdown(log, make_spec(described=True, series=series))

    assert {(p.variant, p.position): (p.impressions, p.clicks) for p in found.positions} == {
        key: (row.n, row.clicks) for key, row in by_place.iterrows()
    }
    assert {(c.variant, c.category): (c.impressions, c.clicks) for c in found.categories} == {
        key: (row.n, row.clicks) for key, row in by_kind.iterrows()
    }
    assert (found.phase, found.slates_share) == (1, 1.0)


def test_positions_add_up_to_the_arms(log: Any, make_spec: MakeSpec) -> None:
    fill(log, 3)

    card = scorecard(log.exposures, log.events, make_spec(described=True), catalogue=CATALOGUE)

    assert card.breakdown is not None
    for arm in card.arms:
        own = [p for p in card.breakdown.positions if p.variant == arm.variant]
        assert sum(p.impressions for p in own) == arm.impressions
        assert sum(p.clicks for p in own) == arm.clicks


def test_only_the_newest_phase_is_broken_down(log: Any, make_spec: MakeSpec) -> None:
    phases = (
        PhaseSpec(number=1, started_at=START, weights=(0.9, 0.1)),
        PhaseSpec(number=2, started_at=seconds(100), weights=(0.5, 0.5)),
    )
    log.serve("early", "A", "a", phase=1)
    log.serve("early", "A", "a", at=120, phase=2)
    log.serve("late", "B", "bc", at=120, phase=2)

    found = breakdown(log, make_spec(phases=phases, described=True))

    assert found.phase == 2
    assert [(p.variant, p.position, p.impressions) for p in found.positions] == [
        ("A", 1, 0),
        ("A", 2, 0),
        ("B", 1, 1),
        ("B", 2, 1),
    ]


def test_rare_categories_are_one_together(log: Any, make_spec: MakeSpec) -> None:
    items = "abcdefghijklmno"
    each = Catalogue.of({item: frozenset({item.upper()}) for item in items})
    log.serve("u", "A", items + "abcdefghijkl")
    log.serve("v", "B", "o")

    found = breakdown(log, make_spec(described=True), each).categories

    assert [c.category for c in found[::2]] == [*"ABCDEFGHIJKL", None]
    assert len(found) == 2 * 13
    assert sum(c.impressions for c in found if c.variant == "A") == 27
    rest = {c.variant: c.impressions for c in found if c.category is None}
    assert rest == {"A": 3, "B": 1}


def test_of_many_slates_a_part_drawn_by_chance_is_cut_by_category(
    log: Any, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.metrics.breaking_down.MOST_SLATES", 200)
    for n in range(400):
        request = log.serve(f"u{n}", "AB"[n % 2], "ab")
        log.click(f"u{n}", request, "a")

    first, again = (breakdown(log, make_spec(described=True)) for _time in range(2))

    assert first == again
    assert first.slates_share == 0.5
    film = [c for c in first.categories if c.category == "film"]
    assert 130 < sum(c.clicks for c in film) < 270
    assert all(c.impressions == 2 * c.clicks for c in film)  # a and b of the same slates
    assert sum(p.impressions for p in first.positions) == 800


def test_without_a_catalogue_there_are_positions_alone(log: Any, make_spec: MakeSpec) -> None:
    log.serve("u", "A", "ab")

    found = breakdown(log, make_spec(described=True), None)

    assert found.categories == ()
    assert len(found.positions) == 4


def test_a_log_that_names_no_items_is_not_broken_down(log: Any, make_spec: MakeSpec) -> None:
    log.serve("u", "A", "ab")
    bare = log.events.drop("item")

    spec = make_spec(described=True, metrics=("ctr",))

    assert scorecard(log.exposures, bare, spec).breakdown is None
    assert scorecard(log.exposures, log.events, make_spec()).breakdown is None
