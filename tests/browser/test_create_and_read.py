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
    page.get_by_label("Name", exact=True).fill("Neighbours on home")
    page.get_by_label("Traffic").fill("40")
    page.get_by_label("Recommender of variant A").select_option("popular")
    page.get_by_label("Recommender of variant B").select_option("item-knn")
    page.get_by_label("Weight of variant A").fill("60")
    page.get_by_label("Weight of variant B").fill("30")
    page.get_by_role("button", name="Save as draft").click()

    expect(page.get_by_text("The weights sum to 90.00%")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Neighbours on home")

    page.get_by_label("Weight of variant B").fill("40")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Neighbours on home")

    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Collecting").first).to_be_visible(timeout=ANALYSED)

    users = shop(stack, 150)

    expect(page.get_by_text(re.compile(rf"\b{users} users compared"))).to_be_visible(
        timeout=ANALYSED
    )
    expect(page.get_by_text("Sample ratio")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


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
