"""Rows of the log: filters, order, pages, and what was read for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from dashboard import log_rows
from dashboard.log_rows import Cursor, Page, Wanted, find
from events.delta import LogTable
from events.records import ExposedItem
from events.schema import to_table
from tests.dashboard.test_data_page import event, exposure, write
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

ROWS = "/data/rows/"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _as_just_started(fresh_process: object, db: None) -> None:
    """Folders of this test, and a Valkey that is empty."""


def logged(days: int = 1, each: int = 3) -> None:
    """A slate a day at noon, and after it clicks, a second apart."""
    at = [NOON - timedelta(days=n) for n in range(days)]
    slates = [exposure(f"r{n}", at=one) for n, one in enumerate(at)]
    clicks = [
        event(f"e{n}-{m}", at=one + timedelta(seconds=1 + m), request_id=f"r{n}", user=f"u{m}")
        for n, one in enumerate(at)
        for m in range(each)
    ]
    LogTable(settings.LOG_DIR, "exposures").append(to_table("exposures", slates), {"x": 1})
    LogTable(settings.LOG_DIR, "events").append(to_table("events", clicks), {"x": 1})


def found(**wanted: object) -> Page:
    page = find(Wanted(**wanted))  # type: ignore[arg-type]
    assert page is not None
    return page


def keys(page: Page) -> list[str]:
    return [row["key"] for row in page.rows]


def test_both_tables_are_one_list_with_the_newest_first() -> None:
    logged(days=2)

    assert keys(found()) == ["e0-2", "e0-1", "e0-0", "r0", "e1-2", "e1-1", "e1-0", "r1"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"streams": ("exposures",)}, ["r0", "r1"]),
        ({"type": "click", "streams": ("events",), "user": "u2"}, ["e0-2", "e1-2"]),
        ({"type": "view", "streams": ("events",)}, []),
        ({"user": "ada"}, ["r0", "r1"]),
        ({"request": "r1"}, ["e1-2", "e1-1", "e1-0", "r1"]),
        ({"item": "i1", "user": "ada"}, ["r0", "r1"]),
        ({"item": "i2"}, []),
        ({"since": NOON}, ["e0-2", "e0-1", "e0-0", "r0"]),
        ({"until": NOON}, ["e1-2", "e1-1", "e1-0", "r1"]),
        ({"since": NOON - timedelta(days=1, seconds=-3), "until": NOON}, ["e1-2"]),
    ],
)
def test_rows_are_found_by_what_they_say(wanted: dict[str, object], expected: list[str]) -> None:
    logged(days=2)

    assert keys(found(**wanted)) == expected


def test_an_item_anywhere_in_a_slate_is_found() -> None:
    slate = tuple(ExposedItem(id=i, score=None, propensity=1.0) for i in ("i7", "i8", "i9"))
    rows = to_table("exposures", [exposure("r1", items=slate), exposure("r2")])
    LogTable(settings.LOG_DIR, "exposures").append(rows, {"x": 1})

    assert keys(found(item="i9")) == ["r1"]


def test_pages_give_every_row_once_also_where_many_have_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_rows, "PAGE", 3)
    at_once = [event(f"e{n:02}", at=NOON) for n in range(8)]
    LogTable(settings.LOG_DIR, "events").append(to_table("events", at_once), {"x": 1})

    pages: list[list[str]] = []
    after: Cursor | None = None
    while not pages or after:
        page = found(after=after)
        pages.append(keys(page))
        after = page.next

    assert pages == [["e07", "e06", "e05"], ["e04", "e03", "e02"], ["e01", "e00"]]


def test_no_more_is_read_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rows, "PAGE", 4)
    logged(days=30)

    page = found()

    assert (page.last, page.first, page.days) == (NOON.date(), NOON.date() - timedelta(days=2), 3)
    assert page.looked_through == 12
    assert page.next == Cursor(at=NOON, key="r0")


@pytest.mark.parametrize(
    ("bound", "most", "read"), [("MOST_DAYS", 3, 3), ("MOST_ROWS", 12, 3), ("MOST_DAYS", 99, 12)]
)
def test_a_search_that_finds_nothing_ends_and_can_go_on(
    monkeypatch: pytest.MonkeyPatch, bound: str, most: int, read: int
) -> None:
    monkeypatch.setattr(log_rows, bound, most)
    logged(days=12)

    page = found(user="nobody")

    assert (page.rows, page.days) == ([], read)
    if read == 12:
        assert page.next is None
        return
    assert page.next == Cursor(at=datetime(2026, 11, 22, tzinfo=UTC))
    further = found(user="nobody", after=page.next)
    assert further.last == page.next.at.date() - timedelta(days=1)


def test_the_page_says_what_it_read(browser: Client) -> None:
    logged(days=2)

    page = text(browser, ROWS)

    assert "Read 24 Nov 2026 back to 23 Nov 2026, days of UTC that hold 8 rows" in page
    assert "24 Nov, 12:00:00 UTC served ada home: home-ctr, phase 1, item-knn" in page
    assert "24 Nov, 12:00:03 UTC click u2 i1 All fields id e0-2 type click user u2" in page


def test_older_rows_keep_the_filters(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rows, "PAGE", 2)
    logged(days=2)
    page = browser.get(f"{ROWS}?type=click&user=&item=i1").content.decode()
    [query] = re.findall(r'href="\?([^"]*after=[^"]*)"', page)

    older = text(browser, f"{ROWS}?{query.replace('&amp;', '&')}")

    assert "type=click" in query
    assert "e0-0" in older
    assert "e0-1" not in older


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("since=soon", "id_since", "Give a date and a time"),
        (
            "since=2026-11-24T08:00&until=2026-11-24T08:00",
            "id_until",
            "Give a time after the one it begins from.",
        ),
        ("after=x", "id_after", "The address of the page is damaged."),
        ("stream=x", "id_stream", "Select a valid choice."),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_read(
    browser: Client, query: str, field: str, message: str
) -> None:
    page = browser.get(f"{ROWS}?{query}").content.decode()

    assert error_of(page, field).startswith(message)
    assert 'id="found"' not in page


def test_an_empty_log_and_an_empty_find_say_what_to_do(browser: Client) -> None:
    assert "The log is empty. Send events, ask for a slate, or import" in text(browser, ROWS)

    logged()

    assert "The log has no such row." in text(browser, f"{ROWS}?user=nobody")


def test_a_log_that_cannot_be_read_is_said(browser: Client, settings: Settings) -> None:
    logged()
    (settings.LOG_DIR / "events" / "_delta_log" / f"{1:020}.json").write_text("{")
    (settings.LOG_DIR / "events" / "_delta_log" / f"{0:020}.json").write_text("{")

    assert "The log cannot be read just now." in text(browser, ROWS)


def test_a_served_slate_says_the_second_its_recommender_and_why(browser: Client) -> None:
    write(exposure("r1", at=datetime(2026, 11, 12, 9, 30, 7, tzinfo=UTC)))

    page = text(browser, ROWS)

    assert "12 Nov, 09:30:07 UTC served ada" in page
    assert "home: home-ctr, phase 1, item-knn, by item-knn (split)" in page
