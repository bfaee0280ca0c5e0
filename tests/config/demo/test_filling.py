"""The catalogue goes in by the product's own imports, once."""

from pathlib import Path
from typing import Any

import pytest

from config.demo.filling import fill
from events.readers import open_log
from recommenders.models import Item
from simulator.invented import Shape, invent

SMALL = invent(Shape(items=30, people=5, longest=25, median=20))


def logged(folder: Path) -> list[dict[str, Any]]:
    """Every event in the log."""
    log = open_log(folder)
    try:
        rows: list[dict[str, Any]] = log.events().to_pyarrow().to_pylist()
        return rows
    finally:
        log.close()


@pytest.mark.django_db
def test_items_and_ratings_arrive_and_a_repeat_adds_none(tmp_path: Path) -> None:
    for _ in range(2):
        fill(SMALL, log_dir=tmp_path, journal_dir=tmp_path / "journal")
        assert Item.objects.count() == 30
        assert len(logged(tmp_path)) == len(SMALL.rating)
    item = Item.objects.get(key="i0001")
    assert item.title == SMALL.items[0].title
    assert tuple(item.categories) == SMALL.items[0].categories
    assert item.attributes == {"year": SMALL.items[0].year}


@pytest.mark.django_db
def test_behaviour_is_ratings_with_their_values_and_times(tmp_path: Path) -> None:
    fill(SMALL, log_dir=tmp_path, journal_dir=tmp_path / "journal")
    events = logged(tmp_path)
    expected = [(r.user, r.item, r.value, r.at) for r in SMALL.ratings()]
    found = [(e["user"], e["item"], e["value"], e["at"]) for e in events]
    assert sorted(found) == sorted(expected)
    assert {e["type"] for e in events} == {"rating"}
