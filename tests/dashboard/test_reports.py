"""Frozen reports: what one shows for good, who reads it, and who makes and revokes it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from msgspec.structs import replace
from pytest_django import Settings

from experiments import selectors
from experiments.models import Experiment, Report, Snapshot
from experiments.snapshots import store_snapshot
from people import trail
from people.models import Person
from tests.dashboard import much


@pytest.fixture
def experiment(db: None) -> Experiment:
    return much.much(arms=2)


@pytest.fixture
def snapshot(experiment: Experiment) -> Snapshot:
    return much.analysed(experiment, users=600, days=2)


def make(browser: Client, snapshot: Snapshot, query: str = "", **more: str) -> str:
    """What the answer says."""
    form = {"snapshot": str(snapshot.pk), "query": query} | more
    address = f"{snapshot.experiment.get_absolute_url()}reports/"
    return browser.post(address, form, follow=True).content.decode()


def figures(page: Any) -> list[Any]:
    """What the rows of the scorecard say, and how they are drawn."""
    groups = page.context["sheet"].groups
    rows = [row for group in groups for metric in group.metrics for row in metric.rows]
    return [(r.arm.key, r.value, r.lift, r.interval, r.bar, r.p, r.reading) for r in rows]


def newer(experiment: Experiment, old: Snapshot) -> Snapshot:
    """Another analysis, without samples, which takes those of the one before."""
    card = selectors.scorecard_of(old)
    return store_snapshot(
        experiment,
        replace(card, arms=tuple(replace(arm, users=arm.users * 7) for arm in card.arms)),
        spec=selectors.spec_of(old),
        previous=old,
        log_versions={},
        log_until=None,
        code_version="new",
    )


@pytest.mark.parametrize("query", ["", "method=fixed&scale=absolute", "segment=platform%3Dios"])
def test_it_shows_the_page_of_then_whatever_comes_later(
    browser: Client, experiment: Experiment, snapshot: Snapshot, query: str
) -> None:
    page = browser.get(f"{experiment.get_absolute_url()}?{query}")
    make(browser, snapshot, query)
    report = Report.objects.get()
    first = browser.get(report.get_absolute_url())

    newer(experiment, snapshot)
    Experiment.objects.update(name="Renamed", hypothesis="Otherwise")
    later = browser.get(report.get_absolute_url())

    assert first.context["sheet"].card == page.context["sheet"].card
    assert figures(first) == figures(page)
    assert first.context["said"] == page.context["page"].verdict
    assert first.context["health"].word == page.context["page"].health.word
    before = page.context["page"].results.below.over_time
    assert first.context["below"].over_time.figure == before.figure
    assert first.content == later.content
    assert ("Exploring, does not decide." in first.content.decode()) is bool(query)
    assert (report.samples is None) is (query == "")


def test_it_posts_nothing_leads_nowhere_and_is_in_no_index(
    browser: Client, snapshot: Snapshot
) -> None:
    make(browser, snapshot)
    answer = browser.get(Report.objects.get().get_absolute_url())
    page = answer.content.decode()

    assert not re.search(r"<form|hx-|method=\"post\"|<select|<input", page)
    assert set(re.findall(r'<a [^>]*href="([^"]+)"', page)) == {"#main"}
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert '<meta name="robots" content="noindex, nofollow">' in page


def test_without_a_login_only_where_its_maker_and_the_installation_allow_it(
    browser: Client, snapshot: Snapshot, settings: Settings
) -> None:
    settings.OPEN_REPORTS = True
    make(browser, snapshot)
    make(browser, snapshot, without_login="on")
    open_one, closed_one = (r.get_absolute_url() for r in Report.objects.all())
    stranger = Client()

    assert stranger.get(open_one).status_code == 200
    for address in (closed_one, "/reports/guessed/"):
        answer = stranger.get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={address}")
    assert browser.get("/reports/guessed/").status_code == 404

    settings.OPEN_REPORTS = False
    assert stranger.get(open_one).status_code == 302
    assert browser.get(open_one).status_code == 200


def test_where_the_installation_does_not_allow_it_none_is_made(
    browser: Client, snapshot: Snapshot
) -> None:
    page = make(browser, snapshot, without_login="on")

    assert "Reports without a login are not allowed here: an admin sets WINNOW_OPEN_REPORTS" in page
    assert not Report.objects.exists()
    assert 'name="without_login"' not in page


def test_the_page_lists_them_and_the_trail_tells_of_them_without_their_address(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    page = make(browser, snapshot, "method=fixed&chart=lift&other=1")
    report = Report.objects.get()
    assert report.asked == {"method": "fixed", "chart": "lift"}
    assert f'href="{report.get_absolute_url()}"' in page
    assert len(report.token) == 32

    revoke = f"{experiment.get_absolute_url()}reports/{report.pk}/revoke/"
    browser.post(revoke)
    page = browser.post(revoke, follow=True).content.decode()

    assert report.get_absolute_url() not in page
    assert browser.get(report.get_absolute_url()).status_code == 404
    revoked, made = trail.entries(kind="experiment", key=experiment.key)[:2]
    told = {"report": report.pk, "snapshot": snapshot.pk, "without_login": False}
    assert (made.verb, made.after, made.by) == ("make report", told, "maya")
    assert (revoked.verb, revoked.before) == ("revoke report", told)


@pytest.mark.parametrize("posted", ["", "x", "999999"])
def test_a_snapshot_that_is_none_is_refused(
    browser: Client, experiment: Experiment, snapshot: Snapshot, posted: str
) -> None:
    address = f"{experiment.get_absolute_url()}reports/"
    page = browser.post(address, {"snapshot": posted}, follow=True).content.decode()

    assert "There is no such snapshot." in page
    assert not Report.objects.exists()


def test_samples_that_went_meanwhile_refuse_what_needs_them_alone(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    newer(experiment, snapshot)

    assert "A newer analysis came meanwhile" in make(browser, snapshot, "method=fixed")
    assert not Report.objects.exists()
    make(browser, snapshot)
    assert Report.objects.get().snapshot == snapshot.pk


def test_a_viewer_reads_them_and_makes_none(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    make(browser, snapshot)
    user = User.objects.create_user("vera")
    Person.objects.create(user=user, role="viewer")
    browser.force_login(user)

    page = browser.get(experiment.get_absolute_url()).content.decode()
    assert Report.objects.get().get_absolute_url() in page
    assert "Make a report" not in page
    assert "Revoke" not in page
    assert browser.get(Report.objects.get().get_absolute_url()).status_code == 200
    assert browser.post(f"{experiment.get_absolute_url()}reports/").status_code == 403


def test_the_form_follows_the_controls(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    address = experiment.get_absolute_url()
    wanted = (
        f'name="snapshot" value="{snapshot.pk}"><input type="hidden" name="query" '
        f'value="method=fixed&amp;chart=lift">'
    )

    assert wanted in browser.get(f"{address}?method=fixed&chart=lift").content.decode()
    for part in ("scorecard/?", f"live/?status={experiment.status}&tab=results&"):
        answer = browser.get(
            f"{address}{part}method=fixed&chart={quote('lift')}", headers={"HX-Request": "true"}
        )
        assert f'<span id="report-of" hx-swap-oob="true"><input type="hidden" {wanted}' in (
            answer.content.decode()
        )
