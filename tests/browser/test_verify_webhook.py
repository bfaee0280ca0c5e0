"""The JavaScript that the documentation gives receivers of webhooks does what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, sync_playwright

from notices import signing
from tests.browser.conftest import QUIET
from tests.notices.test_examples import BODY, SECRET, example, signed


@pytest.fixture
def bare(chromium: str) -> Iterator[Page]:
    """A page that is trusted as one of this machine is, with nothing in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<title>bare</title>"))
        page.goto("http://localhost/")
        yield page
        browser.close()


def verified(page: Page, headers: dict[str, str], body: str = BODY) -> object:
    """The notice, or what is thrown."""
    call = "verify(...given).catch((error) => error.message)"
    return page.evaluate(
        f"(given) => {{ {example('javascript')}\nreturn {call}; }}", [SECRET, headers, body]
    )


def test_only_a_notice_of_ours_is_trusted(bare: Page) -> None:
    notice = {"type": "test", "data": {"summary": "Grüße"}}
    several = signed()
    several["webhook-signature"] = "v1a,ZWQ= v1,b3RoZXI= " + several["webhook-signature"]

    assert verified(bare, signed()) == notice
    assert verified(bare, several) == notice
    wrong = "The signature does not match."
    assert verified(bare, signed(secret=signing.new_secret())) == wrong
    assert verified(bare, signed(), BODY.replace("test", "real")) == wrong
    assert verified(bare, signed() | {"webhook-id": "msg_2"}) == wrong
    old = verified(bare, signed(ago=timedelta(minutes=6)))
    assert old == "The timestamp is more than five minutes off."
