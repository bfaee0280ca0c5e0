"""Whatever goes wrong below /api/v1 is a problem of RFC 9457, and says nothing secret."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from pytest_django import Settings

from api.problems import DatabaseAway
from api.rendering import MsgspecRenderer
from events.validation import MAX_ID, MAX_PROPERTIES, MAX_PROPERTY_NAME, MAX_PROPERTY_TEXT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_over_http"),
]


def send(client: Client, door: str, body: str | bytes) -> Any:
    return client.post(f"/api/v1/{door}", body, content_type="application/json")


def assert_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["type"], body["status"]) == ("about:blank", status)
    return body


def largest_event(number: int) -> dict[str, object]:
    """An event at every bound at once."""
    full = "x" * MAX_ID
    names = [f"{n:0{MAX_PROPERTY_NAME}}" for n in range(MAX_PROPERTIES)]
    return {
        "id": f"{number:0{MAX_ID}}",
        "type": "t" * 64,
        "user": full,
        "item": full,
        "request_id": full,
        "value": -1.7976931348623157e308,
        "properties": dict.fromkeys(names, "x" * MAX_PROPERTY_TEXT),
    }


def test_the_largest_valid_batch_is_taken(keyed: Client) -> None:
    response = send(keyed, "events", json.dumps({"events": [*map(largest_event, range(1000))]}))

    assert response.status_code == 202
    assert response.json() == {"accepted": 1000, "duplicates": 0, "rejected": []}


@pytest.mark.parametrize("door", ["route", "assign", "events"])
def test_a_body_over_the_bound_is_413_and_nothing_is_taken(
    keyed: Client, settings: Settings, door: str
) -> None:
    response = send(keyed, door, b" " * (24 * 2**20 + 1))

    body = assert_problem(response, 413)
    assert body["detail"] == "The body is over 24 MiB. Send less at a time."
    assert not any(settings.JOURNAL_DIR.glob("*"))


@pytest.mark.parametrize("door", ["route", "assign", "events"])
def test_a_body_nested_too_deeply_is_refused(keyed: Client, door: str) -> None:
    nested = b"[" * 100_000
    assert_problem(send(keyed, door, nested), 400)
    field = {"route": b"context", "assign": b"attributes", "events": b"events"}[door]
    assert_problem(send(keyed, door, b'{"%s":%s' % (field, nested)), 400)


def test_deep_events_are_told_apart_from_broken_json(keyed: Client) -> None:
    deep = send(keyed, "events", b'{"events":' + b"[" * 100_000).json()
    broken = send(keyed, "events", b'{"events": [}').json()

    assert deep["detail"] == "The body is nested too deeply to be read."
    assert broken["detail"] == ("The body is not whole, valid JSON: invalid character (byte 12).")


def test_an_error_nobody_foresaw_is_logged_whole_and_says_nothing(
    keyed: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("api.views.route", fail)
    with caplog.at_level(logging.ERROR, "api.problems"):
        response = keyed.get("/api/v1/route?user=u1&placement=home")

    body = assert_problem(response, 500)
    assert body["detail"] == "Winnow failed to answer this. The server's log says why."
    assert b"hunter2" not in response.content
    (record,) = [r for r in caplog.records if r.name == "api.problems"]
    assert record.getMessage() == "GET /api/v1/route failed."
    assert record.exc_info is not None
    assert "hunter2" in str(record.exc_info[1])


def test_so_is_one_after_the_view(keyed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> bytes:
        raise RuntimeError("the password is hunter2")

    with monkeypatch.context() as patch:
        patch.setattr(MsgspecRenderer, "render", fail)
        response = send(keyed, "assign", b'{"user": "u1"}')

    assert_problem(response, 500)
    assert b"hunter2" not in response.content


def test_a_foreign_host_name_is_a_problem_below_the_api_only(keyed: Client) -> None:
    body = assert_problem(keyed.get("/api/v1/route", headers={"host": "evil.example"}), 400)

    assert "WINNOW_HOSTS" in body["detail"]
    page = keyed.get("/login/", headers={"host": "evil.example"})
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (400, "text/html")


@pytest.mark.parametrize("address", ["/api/v1", "/api/v1/", "/api/v1/rout", "/api/v1/route/"])
def test_an_address_that_is_not_there(keyed: Client, address: str) -> None:
    assert_problem(keyed.get(address), 404)


def test_a_query_of_too_many_fields(keyed: Client) -> None:
    body = assert_problem(keyed.get("/api/v1/route?" + "a=1&" * 1001), 400)

    assert body["detail"] == "The query string has too many fields."


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_no_method_finds_an_address_that_is_not_there(client: Client, method: str) -> None:
    assert_problem(getattr(client, method)("/api/v1/nowhere"), 404)


def test_a_field_of_the_query_is_given_once(keyed: Client) -> None:
    body = assert_problem(keyed.get("/api/v1/route?user=u&user=v&placement=home"), 400)

    said = "user is given 2 times. Give it once."
    assert body["errors"] == [{"pointer": "/user", "detail": said}]


@pytest.mark.parametrize("door", ["route", "assign"])
def test_the_attribute_that_cannot_be_is_named(keyed: Client, door: str) -> None:
    sent: dict[str, object] = {"user": "u", "attributes": {"a": 1, "b/c": None, "d": 2}}
    sent |= {"placement": "home"} if door == "route" else {}
    body = assert_problem(send(keyed, door, json.dumps(sent)), 400)

    assert body["errors"][0]["pointer"] == "/attributes/b~1c"


def test_a_method_that_no_door_takes(keyed: Client) -> None:
    assert_problem(keyed.delete("/api/v1/route"), 405)


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_without_its_database_a_door_says_so_and_when_to_come_back(
    keyed: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: type[Exception],
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise fault("connection to server at 10.0.0.7 failed")

    with caplog.at_level(logging.ERROR, "api.problems"), monkeypatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", away)
        listed = keyed.get("/api/v1/experiments")
        changed = keyed.post(
            "/api/v1/layers", {"key": "l", "name": "L"}, content_type="application/json"
        )
        result = keyed.get("/api/v1/experiments/home-ctr/results")

    for response in (listed, changed, result):
        assert assert_problem(response, 503)["detail"] == DatabaseAway.default_detail
        assert response["Retry-After"] == "5"
        assert b"10.0.0.7" not in response.content
    said = "The database did not answer (connection to server at 10.0.0.7 failed)."
    assert [r.message for r in caplog.records if r.name == "api.problems"] == [said] * 3
    assert keyed.get("/api/v1/layers").json()["data"] == []


def test_a_fault_of_winnows_own_in_the_database_stays_a_fault(
    keyed: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise IntegrityError("NOT NULL constraint failed")

    with monkeypatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", refuse)
        response = keyed.get("/api/v1/experiments")

    assert_problem(response, 500)
