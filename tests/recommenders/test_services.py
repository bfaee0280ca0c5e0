"""Registering, and items from a file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from recommenders.exceptions import InvalidRecommender
from recommenders.models import Item, Recommender
from recommenders.services import register

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("x" * 65, "Give a key of at most 64 characters."),
        ("Popular", "Use lower-case letters, digits and single hyphens."),
        ("popular\n", "Use lower-case letters, digits and single hyphens."),
        ("", "Use lower-case letters, digits and single hyphens."),
    ],
)
def test_a_bad_key_is_refused_and_nothing_is_registered(key: str, message: str) -> None:
    with pytest.raises(InvalidRecommender) as refused:
        register(key=key, algorithm="popularity", config={})

    assert (str(refused.value), refused.value.field) == (message, "key")
    assert not Recommender.objects.exists()


def test_the_longest_key_is_taken() -> None:
    assert register(key="x" * 64, algorithm="popularity", config={}).key == "x" * 64


def imported(file: Path) -> str:
    out = StringIO()
    call_command("import_items", str(file), stdout=out)
    return out.getvalue().strip()


def test_items_at_their_bounds_come_in_and_a_repeat_brings_them_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    longest = {"item": "i" * 256, "title": "t" * 512, "categories": ["a", "b"]}
    file.write_text(json.dumps(longest))
    imported(file)
    file.write_text(json.dumps(longest | {"title": "New", "attributes": {"year": 1999}}))

    assert imported(file) == "0 items added, 1 brought up to date, 0 rows rejected."
    item = Item.objects.get()
    assert (item.key, item.title, item.categories) == ("i" * 256, "New", ["a", "b"])
    assert item.attributes == {"year": 1999}
