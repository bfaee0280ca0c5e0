"""API keys: a secret is shown once, and revoking is asked for."""

from __future__ import annotations

import re

from django.test import Client

from serving.keys import create_key, digest
from serving.models import ApiKey
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

ADDRESS = "/settings/keys/"


def test_without_a_key_the_page_says_what_that_means(browser: Client) -> None:
    assert "No key yet. Without one, no call to route or events is accepted." in text(
        browser, ADDRESS
    )


def test_the_secret_is_shown_once_with_a_line_that_works(browser: Client) -> None:
    answer = browser.post(ADDRESS, {"name": "storefront"})

    found = re.search(r'<pre id="secret"[^>]*>(\S+)</pre>', answer.content.decode())
    assert found is not None
    assert ApiKey.objects.get().sha256 == digest(found[1])
    assert f"Authorization: Bearer {found[1]}".encode() in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert found[1].encode() not in browser.get(ADDRESS).content


def test_a_key_needs_a_name(browser: Client) -> None:
    page = browser.post(ADDRESS, {"name": " "}).content.decode()

    assert error_of(page, "id_name").startswith("Give the key a name")
    assert not ApiKey.objects.exists()


def test_revoking_ends_the_key_and_keeps_its_row(browser: Client) -> None:
    key, _ = create_key("storefront")

    answer = browser.post(f"{ADDRESS}{key.pk}/revoke/", follow=True)

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "The key “storefront” is revoked." in answer.content.decode()
    assert b"Revoke it" not in answer.content


def test_what_is_revoked_cannot_be_revoked_again(browser: Client) -> None:
    key, _ = create_key("storefront")
    browser.post(f"{ADDRESS}{key.pk}/revoke/")

    assert browser.post(f"{ADDRESS}{key.pk}/revoke/").status_code == 404
