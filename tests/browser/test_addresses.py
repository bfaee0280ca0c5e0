"""An address says all that a page was asked for, whichever part was asked last."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import QUIET
from tests.dashboard import much

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_process"),
]


def test_controls_and_links_of_the_chart_keep_what_each_other_asked_for(
    live_server: LiveServer, chromium: str, client: Client, transactional_db: None
) -> None:
    client.force_login(User.objects.create_superuser("maya", password="maya-maya-1"))
    experiment = much.much()
    much.analysed(experiment, users=2000, days=3)
    here = f"{live_server.url}{experiment.get_absolute_url()}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page()
        session = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.goto(f"{here}?by=period")

        page.locator("label", has=page.locator("#method-fixed")).click()
        expect(page).to_have_url(f"{here}?method=fixed&by=period")
        page.locator("#over-time-chart-lift").click()
        expect(page).to_have_url(f"{here}?method=fixed&by=period&chart=lift")
        expect(page.locator("#method-fixed")).to_be_checked()
        page.locator("#segment").select_option("platform=ios")
        expect(page).to_have_url(f"{here}?method=fixed&segment=platform%3Dios&by=period&chart=lift")
        page.locator("label", has=page.locator("#method-sequential")).click()
        expect(page).to_have_url(f"{here}?segment=platform%3Dios&by=period&chart=lift")
        page.locator("#over-time-by-cumulative").click()
        expect(page).to_have_url(f"{here}?segment=platform%3Dios&by=cumulative&chart=lift")
        expect(page.locator("#method-sequential")).to_be_checked()
        expect(page.locator("#segment")).to_have_value("platform=ios")
        page.go_back()
        expect(page).to_have_url(f"{here}?segment=platform%3Dios&by=period&chart=lift")
        expect(page.locator("#over-time-by-period")).to_have_attribute("aria-current", "true")
        browser.close()
