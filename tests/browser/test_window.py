"""An experiment that has a winner: read by a viewer, looked at otherwise, changed and shipped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import window
from tests.browser.conftest import sign_in
from tests.stack import Stack

pytestmark = pytest.mark.timeout(300)

ADDRESS = f"/experiments/{window.KEY}/"
SOON = 20_000  # milliseconds until a part of a page has followed, on a busy machine
ANALYSED = 90_000  # milliseconds until the next analysis has been seen


@pytest.fixture(scope="module")
def won(stack: Stack) -> Stack:
    window.make_window(stack)
    return stack


@pytest.fixture
def vera(page: Page, won: Stack) -> Iterator[Page]:
    """The page of a viewer, who came from another browser."""
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(base_url=won.url)
    hers = context.new_page()
    sign_in(hers, "vera")
    yield hers
    context.close()


def test_a_viewer_reads_the_verdict_and_can_launch_and_change_nothing(vera: Page) -> None:
    vera.goto("/experiments/")
    expect(vera.get_by_role("link", name="New experiment")).to_have_count(0)
    vera.get_by_role("link", name="Order of the window").click()

    expect(vera.get_by_role("heading", name=re.compile("^Ship item-knn"))).to_be_visible()
    main = vera.get_by_role("main")
    acts = re.compile("^(Ship|Keep running|Make changes|Ramp and end|Pause|Stop|Analyse now)")
    expect(main.get_by_role("button", name=acts)).to_have_count(0)
    expect(main.get_by_role("link", name=acts)).to_have_count(0)

    for address in ("/new-experiment/", f"{ADDRESS}ship/", f"{ADDRESS}changes/"):
        answer = vera.goto(address)
        assert answer is not None
        assert answer.status == 403
        expect(vera.get_by_role("heading", level=1)).to_have_text("This takes another role")
        expect(
            vera.get_by_text("It needs the role experimenter or above; yours is viewer.")
        ).to_be_visible()
        expect(vera.get_by_text(re.compile("Ask for it: .*ada.* can give roles"))).to_be_visible()
    vera.get_by_role("link", name="Go to experiments").click()
    expect(vera).to_have_url(re.compile("/experiments/$"))


def test_a_scorecard_is_looked_at_otherwise_in_place_and_saved_as_shown(
    page: Page, won: Stack
) -> None:
    page.goto(ADDRESS)
    card = page.locator("#scorecard-card")
    lift = card.locator("td.lift").first
    expect(lift).to_contain_text("200")
    page.evaluate("window.neverReloaded = true")

    card.get_by_text("Absolute", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?scale=absolute$"), timeout=SOON)
    expect(lift).to_contain_text("20.0")
    card.get_by_text("Fixed", exact=True).click()
    expect(page.get_by_text("Exploring, does not decide.")).to_be_visible(timeout=SOON)
    assert asked(page) == {"scale": ["absolute"], "method": ["fixed"]}
    assert page.evaluate("window.neverReloaded")

    row = saved(page)
    assert (row["scale"], row["method"], row["decides"]) == ("absolute", "fixed", "no")
    assert float(row["effect"]) == pytest.approx(0.2)

    page.go_back()
    expect(card.locator("#method-sequential")).to_be_checked(timeout=SOON)
    expect(card.locator("#scale-absolute")).to_be_checked()
    expect(page.get_by_text("Exploring, does not decide.")).to_have_count(0)
    page.go_back()
    expect(card.locator("#scale-relative")).to_be_checked(timeout=SOON)
    expect(lift).to_contain_text("200")
    assert asked(page) == {}

    row = saved(page)
    assert (row["scale"], row["method"], row["decides"]) == ("relative", "sequential", "yes")
    assert float(row["effect"]) == pytest.approx(2.0)


def test_weights_are_changed_and_then_the_winner_is_shipped_from_its_verdict(
    page: Page, won: Stack
) -> None:
    page.goto(ADDRESS)
    page.get_by_role("link", name="Make changes").click()
    arms = page.get_by_role("region", name="Arms and their weights")
    arms.get_by_label("A popular").fill("40")
    arms.get_by_label("B item-knn").fill("60")
    expect(arms.get_by_text("10% of its users would change their arm.")).to_be_visible(timeout=SOON)
    arms.get_by_label("Why").fill("More of what seems to win.")
    arms.get_by_role("button", name="Open phase 2").click()
    expect(page.get_by_text("A new phase is open.")).to_be_visible()

    page.goto(f"{ADDRESS}traffic/")
    phases = page.get_by_role("region", name="Phases")
    expect(phases).to_contain_text(re.compile(r"Phase 2\s.*A 40%, B 60%", re.DOTALL))
    window.visit(won, each=20)
    page.goto(ADDRESS)
    chart = page.locator("#over-time")
    expect(chart).to_contain_text("phase 2: 40 / 60", timeout=ANALYSED)
    expect(chart.locator(".shapelayer path")).not_to_have_count(0)

    page.get_by_role("link", name="Ship item-knn").click()
    expect(page.locator("[name=winner][value=item-knn]")).to_be_checked()
    page.get_by_role("button", name="Stop and ship it").click()
    expect(page.get_by_text("Say why: whoever comes after you will ask.")).to_be_visible()
    page.get_by_label("Rationale").fill("Three times the clicks.")
    page.get_by_role("button", name="Stop and ship it").click()
    expect(page.get_by_role("heading", name="Shipped item-knn.")).to_be_visible()
    slate = won.call("route", {"user": "anybody", "placement": "window", "k": 3})
    assert slate["experiment"] is None
    assert slate["model_version"].startswith("item-knn@")


def asked(page: Page) -> dict[str, list[str]]:
    """What the address asks for."""
    return parse_qs(urlsplit(page.url).query)


def saved(page: Page) -> dict[str, str]:
    """What the CSV that the card offers says of CTR."""
    with page.expect_download() as caught:
        page.get_by_role("link", name="CSV").click()
    rows = csv.DictReader(io.StringIO(caught.value.path().read_text()))
    [found] = [row for row in rows if row["metric"] == "ctr"]
    return found
