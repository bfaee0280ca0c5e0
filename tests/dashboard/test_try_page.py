"""Try it: slates side by side, with what they share and why each item is there."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.test import Client

from dashboard.reading.tried import columns, item_ids
from experiments.assignment import PlannedRecommender
from recommenders.models import Item
from recommenders.services import register
from serving.engine import Ranked
from serving.routing import Slate
from serving.trying import Trial, Tried
from tests.dashboard.factories import make_recommender
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text
from tests.installation import trained

TRY = "/try-recommenders/"


@pytest.fixture(autouse=True)
def _as_just_started(fresh_process: object, db: None) -> None:
    """Folders of this test, and a Valkey that is empty."""


@pytest.fixture
def both(tmp_path: Path) -> None:
    """Two trained recommenders, and a catalogue with titles."""
    trained("popular", "popularity", tmp_path / "models")
    trained("item-knn", "item_knn", tmp_path / "models")
    Item.objects.bulk_create(
        Item(key=f"{taste}-item-{n}", title=f"Title {taste.upper()}{n}")
        for taste in "ab"
        for n in range(6)
    )


def tried(key: str, *items: str, fallback: str | None = None, ms: float = 1.0) -> Tried:
    ranked = [Ranked(item=item, score=1.0, why="Because of h") for item in items]
    return Tried(
        recommender=PlannedRecommender(key=key, version=f"{key}@1", folder=None, popular=()),
        slate=Slate(ranked=ranked, served_by="cache" if fallback else "web", fallback=fallback),
        milliseconds=ms,
    )


def trial(*slates: Tried) -> Trial:
    return Trial(history=["h"], source="live", slates=slates)


def test_what_slates_share_is_counted_against_the_first() -> None:
    a, b, c = columns(
        trial(tried("a", "x", "y"), tried("b", "y", "z"), tried("c", "y", "x")),
        {"y": "Title Y", "h": "Title H"},
        deadline_ms=100,
    )

    assert [one.shared for one in (a, b, c)] == [None, 1, 2]
    assert [(p.position, p.item, p.title, p.others, p.in_all) for p in a.places] == [
        (1, "x", "", "C", False),
        (2, "y", "Title Y", "B, C", True),
    ]
    assert b.places[1].others == ""
    assert a.places[0].why == "Because of Title H"


def test_two_slates_alike_are_not_called_all() -> None:
    a, _ = columns(trial(tried("a", "x"), tried("b", "x")), {}, deadline_ms=100)

    assert (a.places[0].others, a.places[0].in_all) == ("B", False)


def test_what_a_request_would_not_have_waited_for_is_told() -> None:
    quick, slow = columns(
        trial(tried("a", "x", ms=100.0), tried("b", "x", ms=100.1)), {}, deadline_ms=100
    )

    assert (quick.slow, slow.slow) == (False, True)


def test_titles_are_looked_up_of_slates_history_and_reasons() -> None:
    assert item_ids(trial(tried("a", "x"))) == {"x", "h"}


def test_the_page_shows_the_history_first_and_then_each_slate(browser: Client, both: None) -> None:
    page = text(browser, f"{TRY}?user=a1&items=&k=5&r=popular&r=item-knn")

    assert "What a1 would see From what training saw of the user: nothing newer is known" in page
    assert "Did last 2 items Title A1 a-item-1 Title A0 a-item-0 A" in page
    assert "A item-knn@1 1 Title A2 also B Because of Title A1" in page
    assert "B popular@1 3 of 5 shared with A 1 Title A2 also A Chosen by 8 people" in page


def test_a_misspelt_item_is_told(browser: Client, both: None) -> None:
    page = text(browser, f"{TRY}?user=&items=a-item-0,a-itme-1&r=item-knn")

    assert "Not in the catalogue: a-itme-1." in page
    assert "1 Title A1" in page


def test_a_fallback_is_said_in_words(browser: Client, both: None) -> None:
    register(key="fresh", algorithm="item_knn", config={})
    page = text(browser, f"{TRY}?user=nobody&items=&r=item-knn&r=fresh")

    assert "Nothing is known of what this user did" in page
    assert "Its model has nothing to say to somebody without a history it knows. These are" in page
    assert "It was never trained, so it has no model." in page
    assert "No item. Train it, and it has some." in page


def test_another_user_leads_to_one_whom_the_models_know(browser: Client, both: None) -> None:
    answer = browser.get(f"{TRY}?user=&items=&k=5&r=item-knn&another=1")

    assert answer["Location"].startswith(f"{TRY}?")
    page = text(browser, answer["Location"])
    assert "From what training saw of the user" in page


def test_a_link_from_a_recommender_sets_others_beside_it(browser: Client, both: None) -> None:
    make_recommender("third")
    make_recommender("another")
    page = browser.get(f"{TRY}?r=third").content.decode()

    boxes = re.findall(r'<input type="checkbox" name="r" value="([^"]+)"([^>]*)>', page)
    assert [key for key, rest in boxes if " checked" in rest] == ["another", "item-knn", "third"]


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("user=a1", "id_r", "Choose a recommender."),
        ("user=a1&r=x", "id_r", "There is no recommender “x”."),
        ("user=&r=popular&items=" + "a," * 51, "id_items", "Give at most 50 items."),
        ("user=" + "a" * 257 + "&r=popular", "id_user", "Ensure this value has at most 256"),
    ],
)
def test_an_error_stands_at_its_field_and_no_slate_is_shown(
    browser: Client, both: None, query: str, field: str, message: str
) -> None:
    page = browser.get(f"{TRY}?{query}").content.decode()

    assert html.unescape(error_of(page, field)).startswith(message)
    assert 'class="slates"' not in page


def test_without_recommenders_it_says_what_to_do_next(browser: Client) -> None:
    assert "Register the first recommender" in text(browser, TRY)
