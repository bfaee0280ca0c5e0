"""Figures of random slates against the same ones counted pair by pair, and of sampled logs."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from experiments.metrics import Catalogue, ScorecardSpec, intra_list, scorecard
from experiments.metrics.sampled import Sampled
from experiments.metrics.variety import figures, stock
from tests.experiments.metrics.slate_recount import Slates, recounted

MakeSpec = Callable[..., ScorecardSpec]
Rng = np.random.Generator

ITEMS = list(ascii_lowercase)
KNOWN = ITEMS[:20]
CATEGORIES = ["film", "book", "war", "love", "sea"]


def some_slates(rng: Rng, *, most: int = 9) -> Slates:
    """Of any length, none included, and now and then with an item twice."""
    return [list(rng.choice(ITEMS, size=rng.integers(0, most))) for _slate in range(25)]


def some_categories(rng: Rng) -> dict[str, frozenset[str]]:
    """Of a part of the items; some have none."""
    return {
        item: frozenset(map(str, rng.choice(CATEGORIES, size=rng.integers(0, 4)))) for item in KNOWN
    }


def some_popularity(rng: Rng) -> dict[str, int]:
    return {item: int(rng.integers(1, 50)) for item in ["before", *ITEMS[::3]]}


@pytest.mark.parametrize("pairs", [1, 7, 20_000])
@pytest.mark.parametrize("seed", range(5))
def test_random_slates_have_the_figures_that_counting_pair_by_pair_finds(
    seed: int, pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intra_list, "PAIRS", pairs)
    rng = np.random.default_rng(seed)
    slates, others = some_slates(rng), some_slates(rng)
    categories, popularity = some_categories(rng), some_popularity(rng)
    served = {item for slate in slates + others for item in slate}

    found = figures(
        Sampled.of(pa.array(slates)),
        stock(served, popularity, Catalogue.of(categories)),
        popularity,
    )

    assert {name: value for name, (value, _reason) in found.items()} == pytest.approx(
        recounted(slates, others, categories, popularity), rel=1e-12
    )


def test_a_catalogue_without_categories_has_no_pairs() -> None:
    bare = Catalogue.of({"a": frozenset(), "b": frozenset()})

    found = figures(Sampled.of(pa.array([["a", "b"]])), stock({"a", "b"}, {}, bare), {})

    assert found["diversity"] == (None, "no_pairs_with_categories")


def test_a_batch_holds_no_more_pairs_than_its_bound_and_those_of_one_item(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intra_list, "PAIRS", 100)
    slates = Sampled.of(pa.array([ITEMS] * 40))

    batches = [len(slate) for slate, _one, _other in intra_list._pairs(slates)]

    assert sum(batches) == 40 * 26 * 25 // 2
    assert max(batches) <= 100 + 25


def test_a_log_is_described_by_the_slates_of_the_smallest_hashes(
    log: Any, connection: Any, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.metrics.describing.MOST_SLATES", 40)
    rng = np.random.default_rng(1)
    categories, popularity = some_categories(rng), some_popularity(rng)
    requests = {
        arm: {
            log.serve(f"{arm}{i}", arm, "".join(slate)): slate
            for i, slate in enumerate(some_slates(rng) + some_slates(rng) * (arm == "B"))
        }
        for arm in "AB"
    }
    for item, events in popularity.items():
        for _event in range(events):
            log.event("view", "A1", at=-60, item=item)
    spec = make_spec(described=True)

    card = scorecard(log.exposures, log.events, spec, catalogue=Catalogue.of(categories))

    drawn = {arm: _first(connection, slates, 25) for arm, slates in requests.items()}
    for arm, other in ("AB", "BA"):
        found = {d.name: d.value for d in card.described if d.variant == arm}
        again = recounted(drawn[arm], drawn[other], categories, popularity)
        assert found == pytest.approx(again, rel=1e-12)
    assert {d.slates for d in card.described} == {25}


def _first(connection: Any, slates: dict[str, list[str]], n: int) -> Slates:
    """Those of the smallest hashes of their request ids."""
    [hashes] = connection.con.execute(
        "SELECT list_transform($1, lambda id: hash(id))", [list(slates)]
    ).fetchone()
    return [slates[request] for _hash, request in sorted(zip(hashes, slates, strict=True))[:n]]


def test_an_id_that_is_none_is_no_item(log: Any, make_spec: MakeSpec) -> None:
    log.serve("u", "A", "a?")
    log.serve("v", "B", "a")
    log.event("view", "u", at=-60, item="a")
    catalogue = Catalogue.of({"a": frozenset({"film"})})

    served = log.exposures
    nameless = served.mutate(items=served.items.map(lambda item: item["id"].nullif("?")))

    card = scorecard(nameless, log.events, make_spec(described=True), catalogue=catalogue)

    found = {d.name: (d.value, d.reason) for d in card.described if d.variant == "A"}
    assert found["different_items"] == (1.0, None)
    # One event and one item, each of which counts once more: a share of 2 of 2.
    assert found["novelty"] == (0.0, None)
    assert found["diversity"] == (None, "no_pairs_with_categories")
