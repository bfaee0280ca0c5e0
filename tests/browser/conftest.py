from __future__ import annotations

import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from tests.stack import PASSWORD, Stack

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium found; on Debian and Ubuntu: apt install chromium")
    return found


class _Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Shop</title>")

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="session")
def shop() -> Iterator[str]:
    """The origin of a shop's page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(stack: Stack, chromium: str) -> Iterator[Page]:
    """A page of a fresh browser, signed in as ada. Whatever the console complains of fails."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(base_url=stack.url, viewport={"width": 1440, "height": 900})
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: _stays_here(r.url, stack, complaints))
        sign_in(page)
        yield page
        browser.close()
    assert complaints == []


def sign_in(page: Page, name: str = "ada") -> None:
    """From a browser that nobody used before."""
    page.goto("/login/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def _complains(message: ConsoleMessage, complaints: list[str]) -> None:
    """A request under way when the page is left is given up: htmx says so, and nothing is wrong.
    An answer of an error, or a script that fails, it says in other words.
    """
    given_up = message.text.startswith(("htmx:afterRequest", "htmx:sendError"))
    if message.type == "error" and not given_up:
        complaints.append(message.text)


def _stays_here(url: str, stack: Stack, complaints: list[str]) -> None:
    if not url.startswith((stack.url, "data:", "blob:")):
        complaints.append(f"a page asked for {url}")
