"""Registering, and items from a file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

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

    assert imported(file) == "1 items are in the catalogue as the file has them."
    item = Item.objects.get()
    assert (item.key, item.title, item.categories) == ("i" * 256, "New", ["a", "b"])
    assert item.attributes == {"year": 1999}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"item": "i" * 257, "title": "T"}, "item must be text of 1 to 256 characters"),
        ({"item": "", "title": "T"}, "item must be text of 1 to 256 characters"),
        ({"item": 7, "title": "T"}, "item must be text of 1 to 256 characters"),
        ({"item": "i", "title": "t" * 513}, "title must be text of 1 to 512 characters"),
        ({"item": "i"}, "title is missing"),
        ({"item": "i", "title": "T", "categories": "a"}, "categories must be a list of text"),
        (
            {"item": "i", "title": "T", "attributes": {"a": []}},
            "attributes must be an object of text, numbers, true and false",
        ),
    ],
)
def test_a_file_with_an_error_is_refused_before_anything_is_written(
    tmp_path: Path, row: dict[str, object], why: str
) -> None:
    file = tmp_path / "items.jsonl"
    good = [{"item": f"i{n}", "title": "T"} for n in range(600)]  # more than one chunk
    file.write_text("\n".join(map(json.dumps, [*good, row])))

    with pytest.raises(CommandError) as refused:
        imported(file)

    assert str(refused.value) == f"items.jsonl, line 601: {why}."
    assert not Item.objects.exists()


@pytest.mark.parametrize("row", [f"{'i' * 257},T", ",T", "i,", "i"])
def test_so_is_a_csv(tmp_path: Path, row: str) -> None:
    file = tmp_path / "items.csv"
    file.write_text(f"item,title\na,A\n{row}\n")

    with pytest.raises(
        CommandError, match=r"^items\.csv, line 3: (item|title) must be text of 1 to"
    ):
        imported(file)

    assert not Item.objects.exists()
