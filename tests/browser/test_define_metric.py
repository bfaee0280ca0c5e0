"""What a data scientist does: define a metric, see what it counts, choose it, change it."""

from __future__ import annotations

import re
import uuid
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from dashboard import formats
from events import readers
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(240)

COUNTED = re.compile(r"Users\s*([\d,]+)\s*Web spend\s*([\d.]+?)\s*95% interval")
SOON = 40_000  # milliseconds until a preview has been counted, on a busy machine


def test_a_metric_is_defined_looked_at_and_chosen(page: Page, stack: Stack) -> None:
    buy(stack, users=3)
    page.goto("/metrics/")
    page.get_by_role("link", name="Define a metric").click()
    page.get_by_label("Name", exact=True).fill("Web spend")
    expect(page.get_by_label("Only slower than").first).to_be_hidden()
    expect(page.get_by_label("Event type").last).to_be_hidden()  # of the denominator
    page.get_by_label("Of each user").first.select_option("sum")
    page.get_by_label("Event type").first.fill("purchase")
    first = page.get_by_role("group", name="Condition 1").first
    first.get_by_label("On", exact=True).select_option("property")
    first.get_by_label("Name of the property").fill("channel")
    first.get_by_label("Compared with").fill("web")
    page.get_by_label("Until day").fill("soon")
    page.get_by_role("button", name="Define it").click()

    expect(page.get_by_text("Give a number.").first).to_be_visible()
    expect(first.get_by_label("Compared with")).to_have_value("web")
    page.get_by_label("Until day").fill("")
    page.get_by_label("Until day").blur()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_text("The sum of purchase values where")).to_be_visible(timeout=SOON)
    expect(preview).to_contain_text(COUNTED, timeout=SOON)
    users, spend = COUNTED.search(preview.text_content() or "").groups()  # type: ignore[union-attr]
    # One purchase of 30 on the web, whoever else was served on this stack before.
    assert spend == formats.significant(30 / int(users.replace(",", "")))
    page.get_by_role("button", name="Define it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Web spend")

    page.goto("/new-experiment/")
    page.get_by_role("button", name="Measurement").click()
    expect(page.get_by_role("radio", name=re.compile("^Web spend"))).to_be_visible()


def buy(stack: Stack, *, users: int) -> None:
    """Everyone is served and buys for 30; every third on the web."""
    before = rows(stack)
    for n in range(users):
        slate = stack.call("route", {"user": uuid.uuid4().hex, "placement": "home", "k": 3})
        purchase = {
            "id": uuid.uuid4().hex,
            "type": "purchase",
            "user": slate["user"],
            "value": 30,
            "properties": {"channel": "app" if n % 3 else "web"},
        }
        stack.call("events", {"events": [purchase]})
    wait_for(lambda: rows(stack) >= before + users, 60, "the drain")


def rows(stack: Stack) -> int:
    """Purchases in the log."""
    with closing(readers.open_log(stack.var / "log")) as log:
        events = log.events()
        return int(events.filter(events.type == "purchase").count().to_pyarrow().as_py())
