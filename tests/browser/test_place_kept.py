"""A page that follows the log replaces its parts, and leaves the reader where they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Locator, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from experiments import audits
from experiments.models import Audit, Experiment
from tests.browser.conftest import QUIET
from tests.browser.everything import make_everything
from tests.dashboard.factories import BELOW_FLOOR, comparison, scorecard, snapshot_of

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_process"),
]


@pytest.fixture
def reader(
    live_server: LiveServer,
    chromium: str,
    client: Client,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Page]:
    """On the results of an experiment under way, all details open; its clock is the test's."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright holds a loop in this thread
    maya = User.objects.create_superuser("maya", password="maya-maya-1")
    client.force_login(maya)
    make_everything(maya)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(base_url=live_server.url, viewport={"width": 1280, "height": 500})
        page.context.add_cookies([{**cookie, "url": live_server.url}])  # type: ignore[typeddict-item]
        page.clock.install()
        page.goto("/experiments/learned-ranking/")
        page.locator("#over-time .main-svg").first.wait_for()
        page.evaluate("for (const one of document.querySelectorAll('details[id]')) one.open = true")
        yield page
        browser.close()


def follow(page: Page) -> None:
    """Lets an analysis with fewer and other rows come, and the page find it."""
    shown = page.locator("#live").get_attribute("hx-get")
    young = comparison(reading="collecting", floor=BELOW_FLOOR, low=None, high=None)
    experiment = Experiment.objects.get(key="learned-ranking")
    snapshot_of(experiment, scorecard(young, state="collecting"))
    page.clock.fast_forward(12_100)
    page.wait_for_function(
        "was => document.querySelector('#live').getAttribute('hx-get') !== was", arg=shown
    )
    page.wait_for_function("() => !document.querySelector('.htmx-settling, .htmx-swapping')")


def top_of(one: Locator) -> float:
    return float(one.evaluate("element => element.getBoundingClientRect().top"))


@pytest.mark.parametrize("which", ["metric", "summary"])
def test_focus_and_what_is_in_view_stay_where_they_are(reader: Page, which: str) -> None:
    one = {
        "metric": reader.get_by_role("link", name="CTR", exact=True),
        "summary": reader.locator("#over-time-numbers > summary"),
    }[which].first
    one.focus()
    one.evaluate("element => scrollBy(0, element.getBoundingClientRect().top - 200)")
    before = top_of(one)

    follow(reader)

    assert one.evaluate("element => element === document.activeElement")
    assert abs(top_of(one) - before) <= 1
    assert reader.evaluate("document.querySelector('#over-time-numbers').open")


def test_what_is_read_without_a_focus_stays_in_view(reader: Page) -> None:
    title = reader.locator("#over-time-title")
    title.evaluate("element => scrollBy(0, element.getBoundingClientRect().top - 40)")
    before = top_of(title)

    follow(reader)

    assert abs(top_of(title) - before) <= 1


def test_a_metric_beyond_the_goals_is_a_line_of_readings_on_a_phone(reader: Page) -> None:
    """It opens to its numbers; on a wide screen they are there in any case."""
    reader.set_viewport_size({"width": 390, "height": 844})
    reader.evaluate("for (const one of document.querySelectorAll('.fold')) one.open = false")
    card = reader.locator("#scorecard-card")
    goal, guardrail = (
        card.locator("tbody", has=reader.get_by_role("link", name=name, exact=True))
        for name in ("CTR", "Slow slates")
    )
    line, numbers = guardrail.locator("summary"), guardrail.locator(".interval")
    assert goal.locator(".interval").first.is_visible()
    assert goal.locator("summary").count() == 0
    assert line.inner_text().split() == ["Numbers", "of", "Slow", "slates:", "B", "Safe"]
    assert not numbers.is_visible()

    line.click()
    assert numbers.is_visible()

    line.click()
    reader.set_viewport_size({"width": 1280, "height": 500})
    assert numbers.is_visible()
    assert not line.is_visible()


def test_what_comes_by_itself_dims_nothing(reader: Page) -> None:
    """A request of the controls does, which is what the reader waits for."""
    dim = """who => {
      const asks = document.querySelector(who);
      asks.classList.add("htmx-request");
      const { opacity } = getComputedStyle(document.querySelector("#scorecard-card .scorecard"));
      asks.classList.remove("htmx-request");
      return opacity;
    }"""
    assert reader.evaluate(dim, "#live") == "1"
    assert reader.evaluate(dim, "#controls") == "0.6"


def test_a_question_stays_open_while_the_page_follows_the_work(reader: Page) -> None:
    audit = audits.request_audit()
    reader.goto("/data/audit/")
    reader.get_by_role("button", name="Cancel", exact=True).click()
    shown = reader.locator("#live").get_attribute("hx-get")
    Audit.objects.filter(pk=audit.pk).update(progress=0.4)

    with reader.expect_response(lambda answer: "/data/audit/live/" in answer.url):
        reader.clock.fast_forward(2_100)

    question = reader.get_by_role("dialog", name="Cancel this audit?")
    assert question.is_visible()
    assert reader.locator("#live").get_attribute("hx-get") == shown
    question.get_by_role("button", name="Let it run").click()
    reader.clock.fast_forward(2_100)
    reader.get_by_text("40%", exact=True).wait_for()
    reader.get_by_role("button", name="Cancel", exact=True).click()
    reader.get_by_role("button", name="Cancel it").click()
    reader.get_by_text("The audit is cancelled.").wait_for()
    audit.refresh_from_db()
    assert audit.status == "cancelled"
