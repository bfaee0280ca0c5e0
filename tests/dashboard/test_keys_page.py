"""API keys: of two kinds, a secret is shown once, and revoking is asked for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from people import trail
from people.roles import Role
from serving.access import ClientAccess, ServerAccess
from serving.keys import create_key, digest
from serving.models import ApiKey
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

ADDRESS = "/settings/keys/"
SHOP = "https://shop.example"


def sent(**changes: Any) -> dict[str, Any]:
    whole = {"name": "storefront", "kind": "server", "role": "viewer", "origins": ""}
    return whole | {"per_minute": "600"} | changes


def test_without_a_key_the_page_says_what_that_means(browser: Client) -> None:
    assert "No key yet. Without one, no call to route or events is accepted." in text(
        browser, ADDRESS
    )


def test_the_secret_is_shown_once_with_a_line_that_works(browser: Client) -> None:
    answer = browser.post(ADDRESS, sent(role="analyst"))

    found = re.search(r'<pre id="secret"[^>]*>(\S+)</pre>', answer.content.decode())
    assert found is not None
    key = ApiKey.objects.get()
    assert (key.sha256, key.kind, key.role) == (digest(found[1]), "server", "analyst")
    assert (key.origins, key.per_minute) == ([], None)
    assert f"Authorization: Bearer {found[1]}".encode() in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert found[1].encode() not in browser.get(ADDRESS).content
    assert found[1].encode() not in browser.get(f"{ADDRESS}{key.pk}/").content
    assert trail.entries(kind="key").get().by == "maya"


def test_a_client_key_is_bounded_and_can_be_copied_again(browser: Client) -> None:
    browser.post(ADDRESS, sent(kind="client", origins=f"{SHOP}\n\n https://b.example ", role=""))

    key = ApiKey.objects.get()
    assert (key.kind, key.role, key.per_minute) == ("client", "viewer", 600)
    assert key.origins == [SHOP, "https://b.example"]
    assert f">{key.published}</pre>" in browser.get(f"{ADDRESS}{key.pk}/").content.decode()
    assert "client route from https://shop.example, https://b.example, 600 a minute" in text(
        browser, ADDRESS
    )


def test_the_page_of_a_client_key_says_what_it_gives_away(browser: Client) -> None:
    key, _ = create_key("web", ClientAccess())

    said = text(browser, f"{ADDRESS}{key.pk}/")

    assert "For /route , /assign , /exposures , /events ." in said
    assert "see the slate this person would be shown and why each item is in it" in said
    assert "It reads no results and no log, and changes nothing else." in said


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": " "}, "id_name", "Give the key a name"),
        ({"name": "x" * 121}, "id_name", "Give a name of at most 120 characters."),
        ({"kind": ""}, "id_kind", "Choose a kind."),
        ({"kind": "other"}, "id_kind", "Choose one of the two."),
        ({"role": "owner"}, "id_role", "Choose one of those shown."),
        ({"kind": "client", "origins": "shop"}, "id_origins", "“shop” is no origin."),
        ({"kind": "client", "per_minute": "0"}, "id_per_minute", "Give 1 to 1,000,000"),
        ({"kind": "client", "per_minute": "x"}, "id_per_minute", "Give a whole number"),
    ],
)
def test_what_is_wrong_stands_in_its_place_and_makes_no_key(
    browser: Client, changes: dict[str, str], field: str, says: str
) -> None:
    page = browser.post(ADDRESS, sent(**changes)).content.decode()

    assert error_of(page, field).startswith(says)
    assert not ApiKey.objects.exists()


def test_a_client_key_is_changed_in_its_place(browser: Client) -> None:
    key, _ = create_key("web", ClientAccess(origins=(SHOP,), per_minute=60))

    answer = browser.post(
        f"{ADDRESS}{key.pk}/", {"origins": "https://b.example", "per_minute": ""}, follow=True
    )

    key.refresh_from_db()
    assert (key.origins, key.per_minute) == (["https://b.example"], None)
    assert b"Saved. Every process goes by it within seconds." in answer.content
    entry = trail.entries(kind="key", by="maya").get()
    assert entry.verb == "change"
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["per_minute"], entry.after["per_minute"]) == (60, None)


def test_a_wrong_origin_changes_nothing(browser: Client) -> None:
    key, _ = create_key("web", ClientAccess(origins=(SHOP,)))

    page = browser.post(f"{ADDRESS}{key.pk}/", {"origins": "b.example"}).content.decode()

    assert error_of(page, "id_origins").startswith("“b.example” is no origin.")
    key.refresh_from_db()
    assert key.origins == [SHOP]


def test_a_server_key_has_nothing_to_change(browser: Client) -> None:
    key, _ = create_key("shop", ServerAccess(role=Role.ANALYST))

    assert "Role analyst" in text(browser, f"{ADDRESS}{key.pk}/")
    assert browser.post(f"{ADDRESS}{key.pk}/", {"per_minute": "5"}).status_code == 409
    key.refresh_from_db()
    assert key.per_minute is None


def test_revoking_ends_the_key_and_keeps_its_row(browser: Client) -> None:
    key, _ = create_key("storefront")

    answer = browser.post(f"{ADDRESS}{key.pk}/revoke/", follow=True)

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "The key “storefront” is revoked." in answer.content.decode()
    assert b"Revoke it" not in browser.get(f"{ADDRESS}{key.pk}/").content
    assert trail.entries(kind="key", by="maya").get().verb == "revoke"


def test_what_is_revoked_cannot_be_revoked_again(browser: Client) -> None:
    key, _ = create_key("storefront")
    browser.post(f"{ADDRESS}{key.pk}/revoke/")

    assert browser.post(f"{ADDRESS}{key.pk}/revoke/").status_code == 404
