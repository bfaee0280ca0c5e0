"""The overview and the list of experiments in a browser, with nothing and with much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from experiments.models import Experiment
from serving.models import Pulse
from tests.browser.conftest import QUIET
from tests.browser.everything import make_everything
from tests.dashboard.factories import scorecard, snapshot_of

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_process"),
]
REFRESH = (
    "htmx.ajax('GET', document.querySelector('#overview').getAttribute('hx-get'), '#overview')"
)


@pytest.fixture
def maya(client: Client, transactional_db: None) -> User:
    user = User.objects.create_superuser("maya", password="maya-maya-1")
    client.force_login(user)
    return user


@pytest.fixture
def seen(
    live_server: LiveServer,
    chromium: str,
    client: Client,
    maya: User,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Page]:
    """Maya's browser. Whatever the console complains of fails."""
    # Playwright keeps an event loop in this thread, which waits while the test writes rows.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(base_url=live_server.url)
        session = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


def test_an_empty_installation_leads_to_its_first_step(seen: Page) -> None:
    seen.goto("/")
    expect(seen.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(seen.get_by_text("Needs attention first")).to_be_hidden()

    seen.get_by_role("link", name="Register the first recommender").click()

    expect(seen.get_by_role("heading", level=1)).to_have_text("Register a recommender")
    seen.goto("/experiments/")
    expect(seen.get_by_role("link", name="Make the first experiment")).to_be_visible()
    expect(seen.get_by_role("search")).to_have_count(0)


def test_the_overview_follows_the_log_and_keeps_the_focus(seen: Page, maya: User) -> None:
    make_everything(maya)
    Pulse.objects.create(at=now(), requests_per_minute=418, p95_ms=14, log_lag_seconds=6)
    seen.goto("/")
    expect(seen.locator("aside .pulse")).to_contain_text("418 / min")
    link = seen.locator("#card-young")
    expect(seen.get_by_text("Collecting. item-knn has 71 of 100 users.")).to_be_visible()
    link.focus()

    young = Experiment.objects.get(key="young")
    snapshot_of(young, scorecard(state="ship", experiment="young"))
    seen.evaluate(REFRESH)

    ready = seen.locator(".attention li", has_text="Young: ship")
    expect(ready).to_contain_text("It lifts CTR by 8.9%")
    expect(link).to_be_focused()
    ready.get_by_role("link", name="Decide").click()
    expect(seen.get_by_role("heading", level=1)).to_have_text("Young")


def test_lines_that_were_unfolded_stay_so(seen: Page, maya: User) -> None:
    make_everything(maya)
    for n in range(10):
        stopped = Experiment.objects.get(key="stopped")
        stopped.pk, stopped.key, stopped.name = None, f"over-{n}", f"Over {n}"
        stopped.save()
    seen.goto("/")
    seen.locator("#attention-more summary").click()
    last = seen.locator("#attention-more li").last
    expect(last).to_be_visible()

    Pulse.objects.create(at=now() - timedelta(seconds=5), requests_per_minute=7)
    seen.evaluate(REFRESH)

    expect(seen.locator(".pulse-tiles")).to_contain_text("7 a minute")
    expect(last).to_be_visible()


def test_the_list_is_searched_filtered_and_sorted_in_place(seen: Page, maya: User) -> None:
    make_everything(maya)
    seen.goto("/experiments/")
    rows = seen.locator("#found tbody tr")
    expect(rows).to_have_count(7)

    search = seen.get_by_role("searchbox")
    search.press_sequentially("ranking")
    expect(rows).to_have_count(1)
    expect(search).to_be_focused()
    expect(seen).to_have_url(re.compile(r"/experiments/\?q=ranking$"))

    search.fill("")
    expect(rows).to_have_count(7)
    seen.get_by_role("navigation", name="Status").get_by_role("link", name="Running").click()
    expect(rows).to_have_count(3)
    seen.get_by_role("link", name="Reads").click()
    expect(rows.first).to_contain_text("Unhealthy")
    expect(seen.get_by_role("link", name="Reads")).to_be_focused()
    expect(seen).to_have_url(re.compile(r"\?status=running&sort=attention$"))

    seen.reload()
    expect(rows.first).to_contain_text("Unhealthy")
    expect(rows).to_have_count(3)

    search.fill("nothing like it")
    expect(seen.get_by_text("No experiment matches “nothing like it”")).to_be_visible()
    seen.go_back()
    expect(rows).to_have_count(3)
    rows.first.click()
    expect(seen.get_by_role("heading", level=1)).to_have_text("Unhealthy")
