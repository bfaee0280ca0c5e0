"""Every page by axe and by the console, wide and narrow, light and dark, empty and full.

A page is what an address of the dashboard answers with; so a new one is looked at without being
named here, unless its address takes something that `PLACEHOLDERS` does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from config.middleware import POLICY
from dashboard import urls
from tests.browser.conftest import QUIET
from tests.browser.everything import STATES, TOKEN, make_everything
from tests.dashboard.walking import STEPS

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_process"),
]

PLACEHOLDERS = {
    "metric": "spend_per_user",
    "recommender": "item-knn",
    "holdout": "quarter",
    "placement": "home",
    "draft": "draft",
    "experiment-edit": "draft",
    "experiment-edit-step": "draft",
    "experiment-ship": "stopped",
    "experiment-archive": "stopped",
}
ELSEWHERE = {"login"}
"""Send who is signed in to another page."""

WIDTHS = (1440, 390)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AXE = """([within, rules]) => axe
  .run(within, {resultTypes: ['violations'], ...rules})
  .then(found => found.violations)"""
UNFOLD = "document.querySelectorAll('main details').forEach(each => { each.open = true; })"
OVERLAYS = "[...document.querySelectorAll('[popover]')].map(each => '#' + each.id)"
ALONE = """() => document.querySelector('main')
  ?.replaceChildren(...document.querySelectorAll('[popover]'))"""
"""Leaves what opens over a page, without the page: axe looks at all of a document each time."""
SHOW = "name => document.querySelector(name).showPopover()"
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""The rules that a theme can break; the others are asked once per width."""


def address(name: str) -> str:
    """Where a page of the sample is."""
    [pattern] = [p for p in urls.urlpatterns if p.name == name]
    takes = pattern.pattern.converters
    key = PLACEHOLDERS.get(name) or PLACEHOLDERS.get(name.split("-")[0], "learned-ranking")
    known = {"key": key, "pk": 1, "number": 1, "metric": "ctr", "step": "setup", "token": TOKEN}
    assert set(takes) <= set(known), f"{name}: say in PLACEHOLDERS what its address takes"
    return reverse(f"dashboard:{name}", kwargs={taken: known[taken] for taken in takes})


def pages(client: Client, *, full: bool) -> Iterator[str]:
    """The addresses that answer with a whole page."""
    for pattern in urls.urlpatterns:
        where = address(str(pattern.name))
        if pattern.pattern.converters and not full:
            continue
        answer = client.get(where)
        if answer.status_code == 302:
            assert pattern.name in ELSEWHERE, f"{where} leads to {answer['Location']}"
        elif answer.status_code != 405:
            assert answer.status_code in (200, 204), f"{where} answered {answer.status_code}"
            if answer.content.lstrip().startswith(b"<!doctype html>"):
                yield where
    yield "/nothing-here/"
    if full:
        yield from (f"/experiments/{key}/" for key in STATES)
        yield from (f"/experiments/draft/edit/{step}/" for step in STEPS)
        yield "/new-experiment/1/review/"
        yield "/metrics/ctr/"


@dataclass
class Audit:
    """What axe, the console and the layout say against pages."""

    page: Page
    said: list[str] = field(default_factory=list)
    where: str = ""
    opened: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.complain(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complain(str(error)))

    def complain(self, what: str) -> None:
        self.said.append(f"{self.where}: {what}")

    def look_at(self, address: str) -> None:
        self.where = address
        answer = self.page.goto(address, wait_until="load")
        if answer is None or answer.headers.get("content-security-policy") != POLICY:
            self.complain("came without the content security policy")
        self.page.evaluate(AXE_SCRIPT)
        self.page.evaluate(UNFOLD)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            for n, theme in enumerate(THEMES):
                self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                self.where = f"{address} at {width} px, {theme}"
                self._axe(COLOURS if n else {})
            reach = self.page.evaluate("document.documentElement.scrollWidth")
            if reach > width:
                self.complain(f"scrolls sideways to {reach} px")
        unseen = set(self.page.evaluate(OVERLAYS)) - self.opened
        self.opened |= unseen
        if unseen:
            self.page.evaluate(ALONE)
        for name in sorted(unseen):
            self.page.evaluate(SHOW, name)
            for n, theme in enumerate(THEMES):
                self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                self.where = f"{address}, {name} open, {theme}"
                self._axe(COLOURS if n else {}, within=name)

    def _axe(self, rules: dict[str, list[str]], *, within: str = ":root") -> None:
        for violation in self.page.evaluate(AXE, [within, rules]):
            for node in violation["nodes"][:3]:
                self.complain(f"{violation['id']}: {violation['help']}: {node['html'][:160]}")


def audited(live_server: LiveServer, chromium: str, client: Client, where: list[str]) -> list[str]:
    """What is wrong with pages, seen by whoever `client` is."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(base_url=live_server.url)
        if session := client.cookies.get("sessionid"):
            page.context.add_cookies(
                [{"name": "sessionid", "value": session.value, "url": live_server.url}]
            )
        audit = Audit(page)
        for each in where:
            audit.look_at(each)
        browser.close()
    # A page that is not there is an error to the console, as it should be.
    return [said for said in audit.said if "status of 404" not in said]


@pytest.fixture
def maya(client: Client, transactional_db: None) -> User:
    user = User.objects.create_superuser("maya", password="maya-maya-1")
    client.force_login(user)
    return user


def test_pages_full_of_things_have_no_fault(
    live_server: LiveServer, chromium: str, client: Client, maya: User
) -> None:
    make_everything(maya)
    assert audited(live_server, chromium, client, list(pages(client, full=True))) == []


def test_pages_without_anything_have_no_fault(
    live_server: LiveServer, chromium: str, client: Client, maya: User
) -> None:
    assert audited(live_server, chromium, client, list(pages(client, full=False))) == []


def test_a_fault_is_found(chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        audit = Audit(browser.new_page())
        audit.look_at(
            "data:text/html,<html lang=en><title>T</title><main><h1>T</h1><img src=data:,>"
            "<p style='width:2000px;color:hsl(0 0 80)'>Faint</p><script>nothing()</script></main>"
        )
        browser.close()
    found = {said.partition(": ")[2].partition(":")[0] for said in audit.said}
    assert found == {
        "came without the content security policy",
        "nothing is not defined",
        "image-alt",
        "color-contrast",
        "scrolls sideways to 2008 px",
    }


def test_what_is_shown_before_the_login_has_no_fault(
    live_server: LiveServer, chromium: str, client: Client, transactional_db: None
) -> None:
    assert audited(live_server, chromium, client, ["/login/", "/login/?next=/data/"]) == []
