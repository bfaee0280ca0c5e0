"""Which key opens which door, and what a refused caller is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory
from rest_framework.views import APIView

from api import urls
from api.permissions import Needs
from events.models import Erasure
from experiments.models import Experiment
from people import trail
from people.roles import Role
from serving.access import Access, ClientAccess, ServerAccess
from serving.keys import create_key
from tests.api.management.doors import MANAGEMENT

pytestmark = pytest.mark.django_db(transaction=True)

VIEWER, ADMIN = Role.VIEWER, Role.ADMIN
# Address below /api/v1, method: the least role of a server key, and whether a client key will do.
DOORS = {
    ("route", "GET"): (VIEWER, True),
    ("route", "POST"): (VIEWER, True),
    ("assign", "POST"): (VIEWER, True),
    ("events", "POST"): (VIEWER, True),
    ("exposures", "POST"): (VIEWER, True),
    ("erasures", "POST"): (ADMIN, False),
    ("erasures/<int:number>", "GET"): (ADMIN, False),
    ("experiments/<slug:key>/results", "GET"): (VIEWER, False),
}
SENT = {
    "route": {"user": "u1", "placement": "home"},
    "assign": {"user": "u1"},
    "events": {"events": [{"id": "e1", "type": "click", "user": "u1"}]},
    "exposures": {"exposures": [{}]},
    "erasures": {"user": "u1"},
}


def views() -> Iterator[tuple[str, Any]]:
    for pattern in urls.urlpatterns:
        callback: Any = pattern.callback
        yield str(pattern.pattern), callback.view_class


def test_every_door_says_what_it_needs_and_this_table_knows_it() -> None:
    said = {}
    for address, view in views():
        if address == "<path:rest>":
            continue
        needs = view.needs
        assert isinstance(needs, Needs), address
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if hasattr(view, method.lower()):
                said[(address, method)] = (needs.role_for(method), needs.clients)
    assert said == DOORS | {door: (role, False) for door, role in MANAGEMENT.items()}


def test_a_view_that_says_nothing_opens_to_nobody(
    keyed: Client, caplog: pytest.LogCaptureFixture
) -> None:
    key = keyed.defaults["HTTP_AUTHORIZATION"]
    request = RequestFactory().get("/", headers={"authorization": key})
    answer = APIView.as_view()(request)

    assert answer.status_code == 500
    assert "APIView does not say what it needs" in caplog.text


def call(client: Client, access: Access, address: str, method: str) -> Any:
    _, secret = create_key("shop", access)
    filled = address.replace("<int:number>", "1").replace("<slug:key>", "home-ctr")
    query = "?user=u1&placement=home" if (address, method) == ("route", "GET") else ""
    return client.generic(
        method,
        f"/api/v1/{filled}{query}",
        json.dumps(SENT.get(address, {})),
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )


@pytest.mark.parametrize(("address", "method"), DOORS)
@pytest.mark.parametrize("role", Role)
def test_a_server_key_opens_what_its_role_may(
    running: Experiment, client: Client, address: str, method: str, role: Role
) -> None:
    least, _ = DOORS[(address, method)]

    answer = call(client, ServerAccess(role=role), address, method)

    if role >= least:
        assert answer.status_code in (200, 202, 404), answer.content
        return
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        f"This needs a server key of role admin; the key “shop” has the role {role.value}. "
        "An admin makes keys on the page Settings, API keys."
    )
    assert not Erasure.objects.exists()


@pytest.mark.parametrize(("address", "method"), DOORS)
def test_a_client_key_opens_the_doors_of_clients_alone(
    running: Experiment, client: Client, address: str, method: str
) -> None:
    least, clients = DOORS[(address, method)]

    answer = call(client, ClientAccess(), address, method)

    if clients:
        assert answer.status_code in (200, 202), answer.content
        return
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "“shop” is a client key, for /route, /assign, /exposures and /events alone. This needs a "
        f"server key of role {'admin' if least == ADMIN else 'viewer or above'}. "
        "An admin makes keys on the page Settings, API keys."
    )


def test_a_client_key_does_not_open_the_metrics_of_the_host(client: Client) -> None:
    statuses = []
    for access in (ClientAccess(), ServerAccess(role=Role.VIEWER)):
        _, secret = create_key("shop", access)
        headers = {"x-api-key": secret, "x-forwarded-for": "203.0.113.7"}
        statuses.append(client.get("/metrics", headers=headers).status_code)
    assert statuses == [401, 200]


def test_who_asked_for_an_erasure_is_told_and_who_was_erased_is_not(client: Client) -> None:
    answer = call(client, ServerAccess(), "erasures", "POST")

    entry = trail.entries(kind="erasure").get()
    assert (entry.by, entry.verb, entry.key) == ("key shop", "ask for", str(answer.json()["id"]))
    assert (entry.before, entry.after, entry.why) == (None, None, "")
