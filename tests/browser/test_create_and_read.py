"""What a product manager does: create an experiment, start it, read its result."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.timeout(240)

ANALYSED = 60_000  # milliseconds until the next analysis has been seen


def test_an_experiment_is_created_started_and_read(page: Page, stack: Stack) -> None:
    page.goto("/experiments/")
    page.get_by_role("link", name="New experiment").first.click()
    begin(page)
    choose_variants(page)
    expect(page.locator("[name=primary_metric][value=ctr]")).to_be_checked()
    page.get_by_role("button", name="Continue to review").click()
    expect(page.get_by_role("heading", name="Ready to start")).to_be_visible()
    page.get_by_role("button", name="Start it now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Neighbours on home")
    expect(page.get_by_text("Collecting").first).to_be_visible(timeout=ANALYSED)

    users = shop(stack, 150)

    expect(page.get_by_text(re.compile(rf"\b{users} users compared"))).to_be_visible(
        timeout=ANALYSED
    )
    expect(page.get_by_text("Sample ratio")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def begin(page: Page) -> None:
    """What is typed is there after the tab was closed, and by the keyboard one goes on."""
    page.wait_for_load_state()
    left = page.locator("#left")
    home = page.locator("[name=placement] option", has_text=re.compile(r"^home "))
    page.get_by_label("Placement", exact=True).select_option(home.get_attribute("value"))
    expect(left).to_have_text("1 field to fill in or correct", timeout=ANALYSED)
    page.get_by_label("Name", exact=True).fill("Neighbours on home")
    page.get_by_label("Traffic").fill("40")
    expect(page.locator("#saved")).to_have_text(re.compile("^Draft saved"), timeout=ANALYSED)
    expect(left).to_have_text("", timeout=ANALYSED)
    page.goto("/experiments/")
    page.get_by_role("link", name="Go on with Neighbours on home").click()
    expect(page.get_by_label("Traffic")).to_have_value("40")
    page.get_by_label("Name", exact=True).press("Enter")


def choose_variants(page: Page) -> None:
    """Beside the weights are the buckets, and what somebody whom the models know would see."""
    page.get_by_role("button", name="Continue to measurement").click()
    expect(page.get_by_text("Choose a recommender, or clear the weight.")).to_have_count(2)
    page.get_by_label("Recommender of variant A").select_option("popular")
    page.get_by_label("Recommender of variant B").select_option("item-knn")
    expect(page.get_by_text("Choose a recommender, or clear the weight.")).to_have_count(0)
    page.get_by_label("Weight of variant A").fill("60")
    page.get_by_label("Weight of variant B").fill("30")
    expect(page.get_by_text("The weights sum to 90.00%").first).to_be_visible()
    page.get_by_label("Weight of variant B").fill("40")
    expect(page.get_by_role("cell", name="6,000 to 9,999")).to_be_visible()
    page.get_by_role("button", name="Another user").click()
    expect(page.get_by_label("User", exact=True)).not_to_have_value("", timeout=ANALYSED)
    user = page.get_by_label("User", exact=True).input_value()
    expect(page.locator(".bucket-line").first).to_contain_text(
        f"{user} has bucket", timeout=ANALYSED
    )
    page.get_by_label("User", exact=True).fill("a1")
    page.get_by_label("User", exact=True).press("Enter")
    expect(page.locator(".bucket-line").first).to_contain_text("a1 has bucket", timeout=ANALYSED)
    slates = page.get_by_role("region", name="What one user would see")
    expect(slates.get_by_role("heading", name=re.compile("item-knn@"))).to_contain_text(
        "shared with A"
    )
    page.get_by_role("button", name="Continue to measurement").click()


def shop(stack: Stack, visits: int) -> int:
    """Sends visitors who click on what is first. How many of them were in the experiment."""
    inside = 0
    for _ in range(visits):
        slate = stack.call("route", {"user": uuid.uuid4().hex, "placement": "home", "k": 3})
        inside += slate["experiment"] == "neighbours-on-home"
        click = {
            "id": uuid.uuid4().hex,
            "type": "click",
            "user": slate["user"],
            "item": slate["items"][0]["item"],
            "request_id": slate["request_id"],
        }
        stack.call("events", {"events": [click]})
    return inside
