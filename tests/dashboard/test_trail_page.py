"""The audit trail as a page: what changed, filtered, fifty at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dashboard.formats import DASH
from dashboard.reading.trail import Change, changes
from people import trail
from people.actors import RAMP, SCHEDULE, Actor
from tests.dashboard.factories import START
from tests.dashboard.test_experiment_pages import text

ADDRESS = "/settings/trail/"


def record(number: int = 0, *, actor: Actor = RAMP, **changes: object) -> None:
    what: dict[str, object] = {"verb": "advance", "kind": "experiment", "key": f"e{number}"}
    trail.record(at=START + timedelta(minutes=number), actor=actor, **(what | changes))  # type: ignore[arg-type]


def test_an_empty_trail_says_so(browser: Client) -> None:
    assert "Nothing was done yet." in text(browser, ADDRESS)


def test_an_entry_says_who_did_what_and_which_fields_changed(browser: Client) -> None:
    record(
        before={"traffic": "0.1", "status": "running"},
        after={"traffic": "0.5", "status": "running"},
        why="1,204 users, sample ratio sound.",
    )

    assert (
        "10 Nov 2026, 08:00 UTC Advance experiment e0 by ramp 1,204 users, sample ratio sound. "
        "Field Before After traffic 10% 50%" in text(browser, ADDRESS)
    )


def test_what_is_new_has_no_before_and_what_is_gone_no_after(browser: Client) -> None:
    record(verb="create", after={"share": "0.1", "layer": None, "killed": []})
    assert "Create experiment e0 by ramp Field Is share 10%" in text(browser, ADDRESS)

    record(1, verb="remove", before={"share": "0.1"})
    assert "Remove experiment e1 by ramp Field Was share 10%" in text(browser, ADDRESS)


def test_what_is_written_is_shown_as_text(browser: Client) -> None:
    record(key="<script>", after={"<b>": "<i>"})
    page = browser.get(ADDRESS).content.decode()
    assert "&lt;b&gt;" in page
    assert "<i>" not in page
    assert "key=%3Cscript%3E" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["e0", "e1", "e2"]),
        ("?by=schedule", ["e1"]),
        ("?kind=holdout", ["e2"]),
        ("?key=e0", ["e0"]),
        ("?by=ramp&kind=experiment", ["e0"]),
        ("?by=schedule&key=e0", []),
        ("?key=%00", ["e0", "e1", "e2"]),
    ],
)
def test_the_trail_is_filtered(browser: Client, query: str, shown: list[str]) -> None:
    record(0)
    record(1, actor=SCHEDULE)
    record(2, kind="holdout")

    page = browser.get(ADDRESS + query)

    assert sorted(row.entry.key for row in page.context["rows"]) == shown
    assert ("Nothing of this was done." in page.content.decode()) == (shown == [])


def test_fifty_are_shown_at_a_time_and_the_filter_stays(browser: Client) -> None:
    for number in range(51):
        record(number)

    first = browser.get(f"{ADDRESS}?kind=experiment")
    second = browser.get(f"{ADDRESS}?kind=experiment&page=2")

    assert [row.entry.key for row in first.context["rows"]] == [f"e{n}" for n in range(50, 0, -1)]
    assert [row.entry.key for row in second.context["rows"]] == ["e0"]
    assert 'href="?kind=experiment&amp;page=2"' in first.content.decode()
    assert "Page 1 of 2, 51 entries" in text(browser, f"{ADDRESS}?kind=experiment")


@pytest.mark.parametrize("page", ["0", "-1", "99", "x"])
def test_a_page_that_is_not_there_is_the_nearest(browser: Client, page: str) -> None:
    record()
    assert "Advance" in text(browser, f"{ADDRESS}?page={page}")


def test_only_the_fields_that_differ_and_hold_anything_are_changes() -> None:
    before = {"same": 1, "killed": [], "paused": False, "seen": {"a": 1}, "gone": "x"}
    after = {"same": 1, "killed": ["b", "c"], "paused": True, "seen": {"a": 2}, "ends_at": None}
    assert changes(before, after) == [
        Change(field="killed arms", before=DASH, after="b, c"),
        Change(field="paused", before="no", after="yes"),
        Change(field="seen", before="a: 1", after="a: 2"),
        Change(field="gone", before="x", after=DASH),
    ]
