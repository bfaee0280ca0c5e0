"""The Data page: the log as it is, one user's rows, and the rules for bots and staff."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from events import runtime
from events.counters import counters
from events.drain import Drain
from events.ingest import Rejection
from events.records import Event, ExposedItem, Exposure
from experiments import exclusions
from experiments.metrics.exclusions import AttributeIs, EventsPerDay, SlatesPerDay, UserList
from experiments.metrics.results import LeftOut, SetAside
from experiments.models import Experiment
from serving import rejections
from tests.dashboard.factories import scorecard, snapshot_of
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

ADDRESS = "/data/"
USER = "/data/user/"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def _as_just_started(fresh_process: object, db: None) -> None:
    """Folders of this test, and a Valkey that is empty."""


def exposure(request_id: str, user: str = "ada", **changes: object) -> Exposure:
    row = Exposure(
        request_id=request_id,
        user=user,
        experiment="home-ctr",
        phase=1,
        variant="item-knn",
        placement="home",
        recommender="item-knn",
        model_version="item-knn@1",
        plan_version=1,
        items=(ExposedItem(id="i1", score=0.5, propensity=1.0),),
        reason="split",
        served_by="web",
        fallback=None,
        latency_ms=1.5,
        attributes={},
        at=NOW,
    )
    return msgspec.structs.replace(row, **changes)


def event(id_: str, user: str = "ada", **changes: object) -> Event:
    row = Event(
        id=id_,
        type="click",
        user=user,
        item="i1",
        request_id="r1",
        value=None,
        properties={},
        at=NOW,
        received_at=NOW,
    )
    return msgspec.structs.replace(row, **changes)


def write(*records: Exposure | Event, drain: bool = True) -> None:
    for record in records:
        journal = (
            runtime.events_journal() if isinstance(record, Event) else runtime.exposures_journal()
        )
        journal.append([record])
    if drain:
        with Drain(runtime.events_journal().folder, django_settings.LOG_DIR) as drains:
            drains.once()


def test_an_empty_log_says_what_to_do(browser: Client) -> None:
    page = text(browser, ADDRESS)

    assert "Nothing is in the log yet." in page
    assert "Make a key" in page
    assert "What people did before Winnow comes from a file: Import a file, above." in page


def test_who_is_signed_in_stands_in_the_rail_whoever_is_asked_for(browser: Client) -> None:
    assert 'class="person-name">Maya</span>' in browser.get(f"{USER}?user=ada").content.decode()


def test_rows_are_counted_today_and_in_all(browser: Client) -> None:
    write(
        exposure("r1"),
        exposure("r2", at=NOW - timedelta(days=2)),
        event("e1"),
        event("e2"),
        event("e3", at=NOW - timedelta(days=3)),
    )

    page = text(browser, ADDRESS)

    assert "Nothing is in the log yet." not in page
    assert "events 2 3 nothing 0 B" in page
    assert "exposures 1 2 nothing 0 B" in page


def test_what_waits_in_a_journal_is_behind(browser: Client) -> None:
    write(event("e1", received_at=datetime.now(UTC) - timedelta(minutes=5)), drain=False)

    page = text(browser, ADDRESS + "live/")

    assert "events 0 0 5 min" in page
    assert "does not run on this host" in page


def test_what_was_dropped_and_rejected_is_shown(browser: Client) -> None:
    before = counters.snapshot().get("exposures_dropped", 0)
    counters.add("exposures_dropped", 3)
    rejected = [Rejection(index=0, field="at", pointer="", error="")]
    rejections.note("events", rejected * 2, now=NOW)
    rejections.note("exposures", rejected * 3, now=NOW)

    page = text(browser, ADDRESS)

    assert f"Exposures dropped {before + 3:,}: these users got a slate" in page
    assert "Events rejected in the last hour 2 for at" in page
    assert "Exposures rejected in the last hour 3 for at" in page


def test_without_valkey_and_without_a_log_the_page_still_answers(
    browser: Client, settings: Settings
) -> None:
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"
    broken = settings.LOG_DIR / "events" / "_delta_log"
    broken.mkdir(parents=True)
    (broken / f"{0:020}.json").write_text("no json")

    page = text(browser, ADDRESS)
    assert "The log cannot be read just now, so its rows are not shown." in page
    assert "not known without Valkey" in page

    page = text(browser, USER + "?user=ada")
    assert "The log cannot be read just now. Try again in a minute." in page


def test_a_users_rows_come_newest_first(browser: Client) -> None:
    write(
        exposure("r1", at=NOW - timedelta(minutes=2)),
        event("e1", at=NOW - timedelta(minutes=1), value=4.5),
        event("e2", user="ben"),
        exposure("r2", variant=None, experiment=None, phase=None, reason="no_experiment"),
    )

    page = text(browser, USER + "?user=ada")

    first = page.index("served home: no experiment (no_experiment)")
    second = page.index("click i1 , value 4.50 r1")
    third = page.index("served home: home-ctr, phase 1, item-knn, by item-knn@1 i1 r1")
    assert first < second < third
    assert "ben" not in page


def test_at_most_fifty_rows_are_shown_and_a_month_looked_through(browser: Client) -> None:
    write(
        *(event(f"e{n}", at=NOW - timedelta(seconds=n), item=f"item{n}") for n in range(40)),
        *(exposure(f"x{n}", at=NOW - timedelta(hours=1, seconds=n)) for n in range(20)),
        event("old", user="ben", at=NOW - timedelta(days=29)),
        event("older", user="cas", at=NOW - timedelta(days=32)),
    )

    ada = browser.get(USER + "?user=ada").content.decode()

    assert ada.count("<strong>click</strong>") == 40
    assert ada.count("<strong>served</strong>") == 10
    assert "<strong>click</strong>" in browser.get(USER + "?user=ben").content.decode()
    assert "The log holds nothing of “cas” in the last 30 days." in text(
        browser, USER + "?user=cas"
    )


def test_a_user_id_is_only_ever_text(browser: Client) -> None:
    write(event("e1", user="<b>'; DROP"))

    page = browser.get(USER, {"user": "<b>'; DROP"}).content.decode()

    assert "<b>" not in page
    assert page.count("<strong>click</strong>") == 1


def rule(browser: Client, kind: str, **fields: str) -> str:
    answer = browser.post(ADDRESS + "rules/", {"kind": kind} | fields, follow=True)
    return answer.content.decode()


def test_rules_are_made_shown_and_removed(browser: Client) -> None:
    rule(browser, "slates", limit="500")
    rule(browser, "events", limit="700")
    rule(browser, "attribute", attribute="staff", value="true")
    page = rule(browser, "users", name="office", users="ada\nben\n")

    assert exclusions.in_force() == (
        AttributeIs(attribute="staff", value="true"),
        UserList(name="office", users=("ada", "ben")),
        SlatesPerDay(limit=500),
        EventsPerDay(limit=700),
    )
    assert "Saved. Each experiment goes by it from its next analysis on." in page
    assert "staff is “true”" in page
    assert "on the list “office”" in page
    assert 'value="500"' in page
    assert 'value="700"' in page

    [staff, _] = [row for row, _ in exclusions.listed()]
    [asked] = re.findall(rf'<div popover id="remove-rule-{staff.pk}".*?</form>', page, re.S)
    assert f'action="{ADDRESS}rules/{staff.pk}/remove/"' in asked
    assert page.count(f'action="{ADDRESS}rules/{staff.pk}/remove/"') == 1
    browser.post(f"{ADDRESS}rules/{staff.pk}/remove/")
    assert [r.words for _, r in exclusions.listed()] == ["on the list “office”"]


@pytest.mark.parametrize(
    ("kind", "fields", "where", "said"),
    [
        ("slates", {"limit": "0"}, "id_slates_limit", "Give a limit of 1 to 1,000,000 slates"),
        ("events", {"limit": "0"}, "id_events_limit", "Give a limit of 1 to 1,000,000 events"),
        ("events", {"limit": "many"}, "id_events_limit", "Give a whole number."),
        ("attribute", {"attribute": "staff"}, "id_attribute_value", "Give the value"),
        ("users", {"name": "office", "users": " "}, "id_users_users", "Give at least one"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_its_place(
    browser: Client, kind: str, fields: dict[str, str], where: str, said: str
) -> None:
    page = rule(browser, kind, **fields)

    assert error_of(page, where).startswith(said)
    assert exclusions.in_force() == (SlatesPerDay(limit=1000), EventsPerDay(limit=2000))


def test_the_experiment_page_says_whom_each_rule_left_out(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    left = (
        LeftOut(rule="staff is “true”", fingerprint="a", users=1),
        LeftOut(rule="more than 1,000 slates a day", fingerprint="b", users=12),
    )
    aside = SetAside(exposures_forced=0, users_in_two_variants=0, left_out=left)
    experiment = make_experiment()
    snapshot_of(experiment, msgspec.structs.replace(scorecard(), set_aside=aside))

    page = text(browser, experiment.get_absolute_url())

    said = "1 user (staff is “true”), 12 users (more than 1,000 slates a day)"
    assert f"Left out of all arms: {said}. Rules" in page
