"""Keys, people, the audit trail, and where one user stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.models import Experiment
from people.models import Person
from people.roles import Role, role_of
from serving import plans
from tests.api.management.conftest import Caller, assert_refused, everything

SHOP: dict[str, Any] = {
    "name": "Shop",
    "kind": "client",
    "origins": ["https://shop.example"],
    "per_minute": 60,
}


def test_a_server_key_is_made_shown_once_used_and_revoked(admin: Caller, client: Client) -> None:
    made = admin.post("keys", {"name": "CI", "kind": "server", "role": "viewer"})
    assert made.status_code == 201, made.json()
    assert made["Cache-Control"] == "no-store"
    secret, number = made.json()["secret"], made.json()["id"]
    plans.announce()
    headers = {"authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/people", headers=headers).status_code == 200

    read = admin.get(f"keys/{number}")
    assert read["ETag"] == made["ETag"]
    assert secret not in read.content.decode() + admin.get("keys").content.decode()
    assert (read.json()["role"], read.json()["begins_with"]) == ("viewer", secret[:8])

    revoked = admin.post(f"keys/{number}/revoke")
    assert revoked.json()["revoked_at"] is not None
    plans.announce()
    assert client.get("/api/v1/people", headers=headers).status_code == 401
    before = everything()
    again = admin.post(f"keys/{number}/revoke")
    assert_refused(again, 409, None, "“CI” is revoked already.", before=before)
    assert admin.get("audit?kind=key&key=CI").json()["data"][0]["by"] == "key admin"


def test_a_client_key_has_origins_and_a_limit(admin: Caller) -> None:
    body = admin.post("keys", SHOP).json()
    assert {name: body[name] for name in SHOP} == SHOP
    assert (body["role"], body["secret"][:7]) == (None, "wn_pub_")
    assert admin.get(f"keys/{body['id']}").json() == body


def test_a_client_key_is_changed_in_its_place(admin: Caller) -> None:
    made = admin.post("keys", SHOP).json()
    address = f"keys/{made['id']}"

    wider = admin.patch(address, {"origins": ["https://b.example"]})
    free = admin.patch(address, {"per_minute": None})

    assert wider.json() == made | {"origins": ["https://b.example"]}
    assert free.json() == made | {"origins": ["https://b.example"], "per_minute": None}
    plans.announce()
    [planned] = [key for key in plans.current().keys.values() if key.name == "Shop"]
    assert (planned.origins, planned.per_minute) == (("https://b.example",), None)
    changes = admin.get("audit?kind=key&key=Shop").json()["data"]
    assert [(one["verb"], one["by"]) for one in changes] == [
        ("change", "key admin"),
        ("change", "key admin"),
        ("create", "key admin"),
    ]
    assert made["secret"] not in str(changes)


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        (
            {"origins": ["https://a.example", "*"]},
            "/origins/1",
            "“*” has a wildcard. Name each origin.",
        ),
        (
            {"per_minute": 0},
            "/per_minute",
            "Give 1 to 1,000,000 requests a minute, or none for any number.",
        ),
        (
            {"name": "X"},
            "/name",
            "name is not a field of this request; it takes origins, per_minute.",
        ),
    ],
)
def test_a_change_of_a_key_that_cannot_be_is_refused_by_field(
    admin: Caller, change: dict[str, Any], pointer: str, detail: str
) -> None:
    number = admin.post("keys", SHOP).json()["id"]
    before = everything()
    assert_refused(admin.patch(f"keys/{number}", change), 400, pointer, detail, before=before)


def test_nothing_of_a_server_key_or_of_a_revoked_one_changes(admin: Caller) -> None:
    server = admin.post("keys", {"name": "CI", "kind": "server", "role": "viewer"}).json()["id"]
    revoked = admin.post("keys", SHOP).json()["id"]
    admin.post(f"keys/{revoked}/revoke")
    before = everything()
    for number, detail in (
        (
            server,
            "“CI” is a server key, which has no origins and no limit. Make another one, and revoke "
            "this one.",
        ),
        (revoked, "“Shop” is revoked. Make another one."),
    ):
        answer = admin.patch(f"keys/{number}", {"per_minute": 5})
        assert_refused(answer, 409, None, detail, before=before)


def test_a_change_of_a_key_that_is_none_writes_nothing_down(admin: Caller) -> None:
    number = admin.post("keys", SHOP).json()["id"]
    before = everything()
    assert admin.patch(f"keys/{number}", {"per_minute": 60}).status_code == 200
    assert everything() == before


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (
            {"name": "K", "kind": "server"},
            "/role",
            "A server key needs a role: one of viewer, analyst, experimenter, admin.",
        ),
        (
            {"name": "K", "kind": "server", "role": "viewer", "origins": []},
            "/origins",
            "A server key has no origins.",
        ),
        (
            {"name": "K", "kind": "client", "role": "admin"},
            "/role",
            "A client key has no role.",
        ),
        (
            {"name": "K", "kind": "client", "origins": ["*"]},
            "/origins/0",
            "“*” has a wildcard. Name each origin.",
        ),
        (
            {"name": "K", "kind": "owner"},
            "/kind",
            "kind must be one of client, server.",
        ),
        ({"name": " ", "kind": "client"}, "/name", "Give the key a name of 1 to 120 characters."),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(
    admin: Caller, body: dict[str, Any], pointer: str, detail: str
) -> None:
    before = everything()
    assert_refused(admin.post("keys", body), 400, pointer, detail, before=before)


def test_a_person_gets_another_role_and_is_deactivated(admin: Caller) -> None:
    User.objects.create_user("ada@shop")
    User.objects.create_superuser("root")
    assert admin.get("people").json()["data"] == [
        {"name": "ada@shop", "role": "viewer", "active": True},
        {"name": "root", "role": "admin", "active": True},
    ]

    answer = admin.patch("people/ada@shop", {"role": "analyst", "active": False})

    assert answer.json() == {"name": "ada@shop", "role": "analyst", "active": False}
    ada = User.objects.get(username="ada@shop")
    assert (role_of(ada), ada.is_active) == (Role.ANALYST, False)
    acts = admin.get("audit", kind="person").json()["data"]
    assert [(one["verb"], one["by"], one["after"]) for one in acts] == [
        ("deactivate", "key admin", {"active": False}),
        ("set role", "key admin", {"role": "analyst"}),
    ]


def test_the_last_admin_stays_one(admin: Caller) -> None:
    Person.objects.create(user=User.objects.create_user("ada"), role="admin")
    before = everything()
    for change, pointer in (({"role": "viewer"}, "/role"), ({"active": False}, "/active")):
        assert_refused(
            admin.patch("people/ada", change),
            400,
            pointer,
            "ada is the last admin. Make somebody else an admin first.",
            before=before,
        )


def test_the_trail_is_read_by_kind_key_and_actor(admin: Caller, started: Experiment) -> None:
    admin.post("experiments/home-ctr/pause", {"why": "Odd figures."})

    [pause] = admin.get("audit", kind="experiment", key="home-ctr", by="key admin").json()["data"]

    assert (pause["verb"], pause["why"]) == ("pause", "Odd figures.")
    assert (pause["before"]["status"], pause["after"]["status"]) == ("running", "paused")
    assert admin.get(f"audit/{pause['id']}").json() == pause
    assert admin.get("audit/0").json()["detail"] == "There is no audit entry “0”."


def test_a_user_is_told_where_they_stand_and_why(admin: Caller, started: Experiment) -> None:
    plans.announce()
    asked = {"attributes": json.dumps({"country": "NL"}), "device": "d1"}

    body = admin.get("users/u%2F1/assignments", **asked).json()

    [standing] = body["experiments"]
    [assigned] = admin.post("assign", {"user": "u/1"}).json()["assignments"]
    assert (body["user"], body["plan_version"]) == ("u/1", plans.current().version)
    assert (standing["experiment"], standing["phase"]) == ("home-ctr", 1)
    assert (standing["variant"], standing["reason"]) == (assigned["variant"], assigned["reason"])
    assert list(standing["layer_buckets"]) == ["home"]


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ({"attributes": "{"}, "/attributes", "attributes is not whole, valid JSON."),
        (
            {"attributes": "[]"},
            "/attributes",
            "Attributes must be an object of at most 50 entries, not a list.",
        ),
        ({"device": ""}, "/device", "device must have 1 to 256 characters."),
        (
            {"country": "NL"},
            "/country",
            "country is not a field of this request; it takes attributes, device.",
        ),
    ],
)
def test_what_is_said_of_a_user_is_checked(
    admin: Caller, query: dict[str, str], pointer: str, detail: str
) -> None:
    answer = admin.get("users/u1/assignments", **query)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"pointer": pointer, "detail": detail}]


def test_a_user_id_in_an_address_is_as_long_as_one_may_be(admin: Caller) -> None:
    assert admin.get(f"users/{'u' * 256}/assignments").status_code == 200
    answer = admin.get(f"users/{'u' * 257}/assignments")
    assert answer.json()["errors"] == [
        {"pointer": "/user", "detail": "user must have 1 to 256 characters."}
    ]
