"""Pages of other origins: which may call, with which key, and what their browser is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from experiments.models import Experiment
from serving.access import ClientAccess, ServerAccess
from serving.keys import create_key, revoke_key
from tests.installation import NOW

pytestmark = pytest.mark.django_db(transaction=True)

SHOP, OTHER = "https://shop.example", "https://evil.example"
DOORS = ("route", "assign", "events", "exposures")


def preflight(client: Client, door: str, origin: str) -> Any:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    return client.options(f"/api/v1/{door}", headers=headers)


def assign(client: Client, secret: str, **headers: str) -> Any:
    return client.post(
        "/api/v1/assign",
        {"user": "u1"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}", **headers},
    )


def cors(answer: Any) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k.startswith("Access-Control")}


@pytest.mark.parametrize("door", DOORS)
def test_a_preflight_is_answered_for_an_origin_that_a_client_key_allows(
    client: Client, door: str
) -> None:
    create_key("web", ClientAccess(origins=(SHOP,)))

    answer = preflight(client, door, SHOP)

    assert (answer.status_code, answer.content) == (204, b"")
    assert cors(answer) == {
        "Access-Control-Allow-Origin": SHOP,
        "Access-Control-Allow-Methods": "GET, POST" if door == "route" else "POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-API-Key",
        "Access-Control-Max-Age": "600",
    }
    assert "Origin" in answer["Vary"]


def test_any_other_origin_is_told_nothing_that_opens(client: Client) -> None:
    key, _ = create_key("web", ClientAccess(origins=(SHOP,)))

    for origin in (OTHER, "null", f"{SHOP}.evil.example", f"{SHOP}:8443", "http://shop.example"):
        answer = preflight(client, "route", origin)
        assert (answer.status_code, cors(answer)) == (403, {})
        assert answer["Content-Type"] == "application/problem+json"
        assert "Origin" in answer["Vary"]

    revoke_key(key, now=NOW)
    assert preflight(client, "route", SHOP).status_code == 403


@pytest.mark.parametrize("door", ["erasures", "erasures/1", "experiments/home-ctr/results"])
def test_the_other_doors_answer_no_preflight(client: Client, door: str) -> None:
    create_key("web", ClientAccess(origins=(SHOP,)))
    answer = preflight(client, door, SHOP)
    assert (answer.status_code, cors(answer)) == (401, {})


def test_an_answer_is_open_to_the_pages_that_its_key_allows(
    running: Experiment, client: Client
) -> None:
    _, secret = create_key("web", ClientAccess(origins=(SHOP, "https://app.example")))

    answer = assign(client, secret, origin=SHOP)

    assert answer.status_code == 200
    assert cors(answer) == {
        "Access-Control-Allow-Origin": SHOP,
        "Access-Control-Expose-Headers": "RateLimit, RateLimit-Policy, Retry-After",
    }
    assert "Origin" in answer["Vary"]


def test_an_error_too_is_open_to_the_page_so_that_it_can_say_what_is_wrong(client: Client) -> None:
    _, secret = create_key("web", ClientAccess(origins=(SHOP,)))
    headers = {"authorization": f"Bearer {secret}", "origin": SHOP}

    answer = client.post("/api/v1/assign", {}, content_type="application/json", headers=headers)

    assert answer.status_code == 400
    assert answer["Access-Control-Allow-Origin"] == SHOP


def test_a_client_key_is_refused_from_where_it_is_not_allowed(client: Client) -> None:
    _, secret = create_key("web", ClientAccess(origins=(SHOP,)))

    answer = assign(client, secret, origin=OTHER)

    assert (answer.status_code, cors(answer)) == (403, {})
    assert "Origin" in answer["Vary"]
    assert answer.json()["detail"] == (
        "The client key “web” may not be used from https://evil.example. Allowed: "
        "https://shop.example. An admin makes keys on the page Settings, API keys."
    )


def test_a_page_with_the_key_of_another_page_can_read_why_it_does_not_do(client: Client) -> None:
    create_key("other", ClientAccess(origins=(OTHER,)))
    _, secret = create_key("web", ClientAccess(origins=(SHOP,)))

    answer = assign(client, secret, origin=OTHER)

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (403, OTHER)


def test_without_origins_a_client_key_is_for_apps(running: Experiment, client: Client) -> None:
    _, secret = create_key("app", ClientAccess())

    assert assign(client, secret).status_code == 200
    refused = assign(client, secret, origin=SHOP)
    assert refused.status_code == 403
    assert "Allowed: apps only, which send no Origin." in refused.json()["detail"]


def test_an_app_may_use_the_key_of_a_page(running: Experiment, client: Client) -> None:
    _, secret = create_key("web", ClientAccess(origins=(SHOP,)))
    answer = assign(client, secret)
    assert (answer.status_code, cors(answer)) == (200, {})


def test_a_server_key_is_never_opened_to_a_page(running: Experiment, client: Client) -> None:
    create_key("web", ClientAccess(origins=(SHOP,)))
    _, secret = create_key("shop", ServerAccess())

    answer = assign(client, secret, origin=SHOP)

    assert (answer.status_code, cors(answer)) == (200, {})


@pytest.mark.parametrize("sent", [{}, {"authorization": "Bearer wn_pub_unknown"}])
def test_that_a_key_is_missing_or_unknown_is_read_by_pages_that_any_client_key_allows(
    client: Client, sent: dict[str, str]
) -> None:
    create_key("web", ClientAccess(origins=(SHOP,)))

    opened, shut = (
        client.post("/api/v1/assign", {"user": "u1"}, headers={"origin": origin, **sent})
        for origin in (SHOP, OTHER)
    )

    assert (opened.status_code, cors(opened)) == (
        401,
        {
            "Access-Control-Allow-Origin": SHOP,
            "Access-Control-Expose-Headers": "RateLimit, RateLimit-Policy, Retry-After",
        },
    )
    assert (shut.status_code, cors(shut)) == (401, {})
    assert "Origin" in opened["Vary"]
    assert "Origin" in shut["Vary"]


def test_a_page_reads_that_its_key_is_used_up_and_for_how_long(
    running: Experiment, client: Client
) -> None:
    _, secret = create_key("web", ClientAccess(origins=(SHOP,), per_minute=1))
    assert assign(client, secret, origin=SHOP).status_code == 200

    answer = assign(client, secret, origin=SHOP)

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (429, SHOP)
    assert "Retry-After" in answer["Access-Control-Expose-Headers"]
    assert 1 <= int(answer["Retry-After"]) <= 60
