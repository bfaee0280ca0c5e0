"""A chart as a PNG: the file's name, its size, and that something is drawn in it."""

from __future__ import annotations

import struct
import zlib

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import QUIET
from tests.browser.everything import TOKEN, make_everything

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_process"),
]


HEAD = 80
"""Rows of the title, at two pixels a point."""


@pytest.fixture
def maya(client: Client, transactional_db: None) -> User:
    user = User.objects.create_superuser("maya", password="maya-maya-1")
    client.force_login(user)
    return user


def test_charts_are_saved_as_they_look(
    live_server: LiveServer, chromium: str, client: Client, maya: User
) -> None:
    make_everything(maya)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(base_url=live_server.url)
        page.context.add_cookies([{**cookie, "url": live_server.url}])  # type: ignore[typeddict-item]
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        for where in ("/experiments/learned-ranking/", f"/reports/{TOKEN}/"):
            page.goto(where)
            page.locator("#over-time .main-svg").first.wait_for()
            size = page.locator("#over-time").bounding_box()
            assert size is not None
            with page.expect_download() as caught:
                page.get_by_role("button", name="PNG of CTR over time").click()
            assert caught.value.suggested_filename == (
                "learned-ranking-ctr-over-time-2026-11-12.png"
            )
            width, height, different = drawn(caught.value.path().read_bytes())
            assert (width, height) == (int(size["width"] * 2), int(size["height"] * 2) + HEAD)
            assert different > 20
        browser.close()
    assert said == []


def drawn(image: bytes) -> tuple[int, int, int]:
    """Width, height, and how many different rows there are below the title, as packed."""
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", image[16:24])
    packed, at = b"", 8
    while at < len(image):
        length, kind = struct.unpack(">I4s", image[at : at + 8])
        packed += image[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    rows = zlib.decompress(packed)
    step = len(rows) // height
    return width, height, len({rows[n * step + 1 : (n + 1) * step] for n in range(HEAD, height)})
