"""The first page learns of the reader's zone; from then on the server writes in it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.stack import Stack

pytestmark = pytest.mark.timeout(240)


def test_times_are_of_the_readers_zone_from_the_first_page_on(page: Page, stack: Stack) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(base_url=stack.url, timezone_id="America/New_York")
    new_york = context.new_page()
    sign_in(new_york)

    new_york.goto("/settings/trail/")

    at = new_york.locator("time").first
    expect(at).to_have_attribute("title", re.compile("America/New_York$"))
    said = new_york.evaluate(
        "at => new Intl.DateTimeFormat('en-GB', {timeZone: 'America/New_York', hour: '2-digit', "
        "minute: '2-digit', hourCycle: 'h23'}).format(new Date(at))",
        at.get_attribute("datetime"),
    )
    expect(at).to_contain_text(said)
    context.close()
