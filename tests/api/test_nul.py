"""No text that comes in may hold a NUL: PostgreSQL could store none of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from events import arrivals
from events.erasures import request_erasure
from events.journal_files import journals
from events.models import Erasure
from tests.api.calls import post
from tests.installation import NOW

pytestmark = pytest.mark.django_db(transaction=True)

NUL = "a\0b"
NO_NUL = "must not hold the NUL character (U+0000)"
EVENT = {"id": "e1", "type": "view", "user": "u1", "item": "i1"}


def assert_refused(response: Any, pointer: str, name: str) -> None:
    assert response.status_code == 400
    assert response.json()["errors"] == [{"pointer": pointer, "detail": f"{name} {NO_NUL}."}]
    assert not journals(settings.JOURNAL_DIR)


@pytest.mark.parametrize(
    ("field", "value", "pointer", "name"),
    [
        ("user", NUL, "/user", "user"),
        ("placement", NUL, "/placement", "placement"),
        ("request_id", NUL, "/request_id", "request_id"),
        ("attributes", {"country": NUL}, "/attributes/country", "attributes.country"),
        ("attributes", {NUL: "NL"}, "/attributes", "attributes"),
        ("exclude", ["i1", NUL], "/exclude/1", "exclude[1]"),
        ("context", {"item": NUL}, "/context/item", "context.item"),
    ],
)
def test_a_route(api: Client, field: str, value: object, pointer: str, name: str) -> None:
    body = {"user": "u1", "placement": "home", field: value}
    assert_refused(post(api, "route", body), pointer, name)


@pytest.mark.parametrize("field", ["user", "placement", "request_id"])
def test_a_route_by_query(api: Client, field: str) -> None:
    query = {"user": "u1", "placement": "home", field: NUL}
    assert_refused(api.get("/api/v1/route", query), f"/{field}", field)


@pytest.mark.parametrize(
    ("body", "pointer", "name"),
    [
        ({"user": NUL}, "/user", "user"),
        ({"user": "u1", "attributes": {"a": NUL}}, "/attributes/a", "attributes.a"),
        ({"user": "u1", "attributes": {NUL: 1}}, "/attributes", "attributes"),
    ],
)
def test_an_assignment(api: Client, body: dict[str, Any], pointer: str, name: str) -> None:
    assert_refused(post(api, "assign", body), pointer, name)


def test_an_erasure(api: Client) -> None:
    assert_refused(post(api, "erasures", {"user": NUL}), "/user", "user")
    assert not Erasure.objects.exists()


@pytest.mark.parametrize(("text", "looked_at"), [("a", 0), ("\\u0000", 2)])
def test_events_are_looked_through_one_by_one_only_where_their_body_may_hold_one(
    api: Client, monkeypatch: pytest.MonkeyPatch, text: str, looked_at: int
) -> None:
    looked: list[object] = []

    def look(raw: object) -> bool:
        looked.append(raw)
        return False

    monkeypatch.setattr(arrivals, "may_hold_nul", look)
    events = [EVENT | {"user": text}, EVENT | {"id": "e2"}]
    assert post(api, "events", {"events": events}).json()["accepted"] == 2
    assert len(looked) == looked_at


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("id", NUL, "/id"),
        ("type", NUL, "/type"),
        ("user", NUL, "/user"),
        ("item", NUL, "/item"),
        ("request_id", NUL, "/request_id"),
        ("properties", {"colour": NUL}, "/properties/colour"),
        ("properties", {NUL: "red"}, "/properties"),
    ],
)
def test_an_event_and_no_other_of_its_batch(
    api: Client, field: str, value: object, pointer: str
) -> None:
    answer = post(api, "events", {"events": [EVENT | {field: value}, EVENT]})

    receipt = answer.json()
    [rejected] = receipt["rejected"]
    assert (receipt["accepted"], rejected["pointer"]) == (1, f"/events/0{pointer}")
    assert rejected["error"] == NO_NUL


@pytest.mark.parametrize(
    ("field", "value", "pointer", "name"),
    [
        ("request_id", NUL, "/request_id", "request_id"),
        ("user", NUL, "/user", "user"),
        ("experiment", NUL, "/experiment", "experiment"),
        ("variant", NUL, "/variant", "variant"),
        ("items", ["i1", NUL], "/items/1", "items[1]"),
        ("items", [{"item": NUL}], "/items/0/item", "items[0].item"),
        ("model_version", NUL, "/model_version", "model_version"),
        ("attributes", {"country": NUL}, "/attributes/country", "attributes.country"),
        ("attributes", {NUL: 1}, "/attributes", "attributes"),
    ],
)
def test_an_exposure_and_no_other_of_its_batch(
    api: Client, field: str, value: object, pointer: str, name: str
) -> None:
    [home] = post(api, "assign", {"user": "u1"}).json()["assignments"]
    given = {"experiment": home["experiment"], "variant": home["variant"]}
    sound = given | {"request_id": "r1", "user": "u1", "items": ["i1"]}

    receipt = post(api, "exposures", {"exposures": [sound | {field: value}, sound]}).json()

    [rejected] = receipt["rejected"]
    assert (receipt["accepted"], rejected["pointer"]) == (1, f"/exposures/0{pointer}")
    assert rejected["error"] == f"{name} {NO_NUL}."


def test_a_backslash_before_u0000_is_text_like_any_other(api: Client) -> None:
    user = "\\u0000"
    assert post(api, "route", {"user": user, "placement": "home"}).json()["user"] == user
    receipt = post(api, "events", {"events": [EVENT | {"user": user}]}).json()
    assert (receipt["accepted"], receipt["rejected"]) == (1, [])


def test_whom_the_log_can_hold_can_be_erased() -> None:
    assert request_erasure("\\u0000 \x01 ü", now=NOW).user == "\\u0000 \x01 ü"
