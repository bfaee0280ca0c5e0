"""A shop's own page in a real browser: what it may ask Winnow with a client key, and what it learns
where it may not.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import QUIET
from tests.stack import Stack

pytestmark = pytest.mark.timeout(240)

CALL = """async ([url, key, door, body]) => {
  try {
    const answer = await fetch(`${url}/api/v1/${door}`, {
      method: "POST",
      headers: {"Authorization": `Bearer ${key}`, "Content-Type": "application/json"},
      body: JSON.stringify(body),
    });
    return [answer.status, await answer.json(), answer.headers.get("RateLimit-Policy")];
  } catch (error) {
    return [0, String(error), null];
  }
}"""
HOME = {"user": "u1", "placement": "home", "k": 3}


@pytest.fixture
def shop_page(shop: str, chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page()
        page.goto(shop)
        yield page
        browser.close()


def key_of(stack: Stack, *options: str) -> str:
    return stack.manage("create_key", "web", "--client", *options).strip()


def test_a_page_routes_and_sends_events_with_its_client_key(
    stack: Stack, shop: str, shop_page: Page
) -> None:
    key = key_of(stack, f"--origin={shop}", "--per-minute=100")
    click = {"id": "cross-origin-1", "type": "click", "user": "u1", "item": "i1"}

    status, slate, policy = shop_page.evaluate(CALL, [stack.url, key, "route", HOME])
    assert (status, len(slate["items"]), policy) == (200, 3, '"minute";q=100;w=60')

    status, receipt, _ = shop_page.evaluate(CALL, [stack.url, key, "events", {"events": [click]}])
    assert (status, receipt["accepted"]) == (202, 1)

    status, refused, _ = shop_page.evaluate(CALL, [stack.url, key, "route", {"user": "u1"}])
    assert (status, refused["errors"][0]["pointer"]) == (400, "/placement")


def test_a_page_reads_why_a_key_that_is_not_for_it_is_refused_and_nothing_else(
    stack: Stack, shop: str, shop_page: Page
) -> None:
    key_of(stack, f"--origin={shop}")  # so that preflights from here pass
    another = key_of(stack, "--origin=https://shop.example")

    status, said, _ = shop_page.evaluate(CALL, [stack.url, another, "route", HOME])
    assert (status, said["title"]) == (403, "Forbidden")
    status, said, _ = shop_page.evaluate(CALL, [stack.url, stack.key, "route", HOME])
    assert (status, said) == (0, "TypeError: Failed to fetch")


def test_a_page_that_no_key_knows_does_not_get_past_the_preflight(
    stack: Stack, shop: str, shop_page: Page
) -> None:
    shop_page.goto(shop.replace("127.0.0.1", "localhost"))
    key = key_of(stack, "--origin=https://shop.example")
    status, said, _ = shop_page.evaluate(CALL, [stack.url, key, "route", HOME])
    assert (status, said) == (0, "TypeError: Failed to fetch")
