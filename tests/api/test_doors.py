from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from api import urls
from events.drain import Drain
from events.exceptions import JournalFull
from events.journal import Journal
from events.readers import open_log
from experiments.models import Experiment
from serving import plans
from serving.keys import create_key, revoke_key
from tests.acting import stop_experiment
from tests.api.calls import post
from tests.installation import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def written(body: object) -> str:
    """JSON whose whole numbers may be longer than Python writes by itself."""
    return json.dumps(body).replace('"10**5000"', "1" + "0" * 5000)


def event(**changes: object) -> dict[str, object]:
    return {"id": "e1", "type": "click", "user": "u1", "item": "a-item-0"} | changes


def logged_events(settings: Settings) -> list[dict[str, Any]]:
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    rows: list[dict[str, Any]] = open_log(settings.LOG_DIR).events().to_pyarrow().to_pylist()
    return rows


def test_route_answers_alike_by_body_and_by_query(api: Client) -> None:
    posted = post(api, "route", {"user": "u1", "placement": "home", "k": 3, "request_id": "r"})
    asked = api.get("/api/v1/route?user=u1&placement=home&k=3&request_id=r")

    assert posted.status_code == asked.status_code == 200
    assert posted.json() == asked.json()
    assert len(posted.json()["items"]) == 3


@pytest.mark.parametrize(
    ("body", "status", "pointer", "detail"),
    [
        ({"user": "u1", "placement": "home", "k": 0}, 400, "/k", "k must be 1 to 100."),
        ({"user": "u1", "placement": "home", "k": "10**5000"}, 400, "/k", "k must be 1 to 100."),
        (
            {"user": "u1", "placement": "home", "k": "ten"},
            400,
            "/k",
            "k must be a whole number from 1 to 100, not text.",
        ),
        (
            {"user": "", "placement": "home"},
            400,
            "/user",
            "user must have 1 to 256 characters.",
        ),
        (
            {"user": "u1", "placement": "x" * 65},
            400,
            "/placement",
            "placement must have 1 to 64 characters.",
        ),
        ({"placement": "home"}, 400, "/user", "user is missing."),
        (
            {"user": "u1", "placement": "home", "exclude": ["a", 7]},
            400,
            "/exclude/1",
            "exclude[1] must be text of 1 to 256 characters, not a whole number.",
        ),
        (
            {"user": "u1", "placement": "home", "exclude": ["a"] * 1001},
            400,
            "/exclude",
            "exclude must have at most 1,000 entries.",
        ),
        (
            {"user": "u1", "placement": "home", "attributes": {"a": None}},
            400,
            "/attributes/a",
            "attributes.a must be text, a number, true or false or a list of at most 100 "
            "entries, not null.",
        ),
        (
            {"user": "u1", "placement": "home", "attributes": {"a": [{}]}},
            400,
            "/attributes/a/0",
            "attributes.a[0] must be text, a number or true or false, not an object.",
        ),
        (
            {"user": "u1", "placement": "home", "attributes": {"a": ["b"] * 101}},
            400,
            "/attributes/a",
            "attributes.a must have at most 100 entries.",
        ),
        (
            {"user": "u1", "placement": "home", "context": {"item": ""}},
            400,
            "/context/item",
            "context.item must have 1 to 256 characters.",
        ),
        (
            {"user": "u1", "placement": "home", "context": {"a/b": 1}},
            400,
            "/context/a~1b",
            "a/b is not a field of context; it takes item.",
        ),
        (
            {"user": "u1", "placement": "home", "colour": "red"},
            400,
            "/colour",
            "colour is not a field of this request; it takes user, placement, k, attributes, "
            "device, exclude, categories, context, request_id.",
        ),
        ([], 400, "", "This request must be an object, not a list."),
        (
            {"user": "u1", "placement": "home", "context": {"page": "p"}},
            400,
            "/context/page",
            "page is not a field of context; it takes item.",
        ),
        (
            {"user": "u1", "placement": "cart"},
            404,
            "/placement",
            "There is no placement “cart”. Known: home.",
        ),
    ],
)
def test_a_bad_request_names_its_field(
    api: Client, body: object, status: int, pointer: str, detail: str
) -> None:
    response = api.post("/api/v1/route", written(body), content_type="application/json")

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"] == [{"pointer": pointer, "detail": detail}]


def test_a_query_is_judged_as_a_body_is(api: Client) -> None:
    response = api.get("/api/v1/route?user=u1&placement=home&k=many")

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/k"


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[]", b'{"user": "u1"'])
def test_malformed_json_is_a_problem_and_not_a_crash(api: Client, body: bytes) -> None:
    response = api.post("/api/v1/route", body, content_type="application/json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic dXNlcg==", "Bearer"])
def test_a_wrong_key_is_refused_and_told_how(
    running: Experiment, client: Client, header: str
) -> None:
    response = client.get("/api/v1/route?user=u1&placement=home", headers={"authorization": header})

    assert response.status_code == 401
    assert "Authorization: Bearer KEY" in response.json()["detail"]


def test_the_key_may_come_in_either_header_and_ends_when_revoked(
    running: Experiment, client: Client
) -> None:
    key, secret = create_key("shop")
    address = "/api/v1/route?user=u1&placement=home"

    assert client.get(address, headers={"x-api-key": secret}).status_code == 200

    revoke_key(key, now=NOW)
    assert client.get(address, headers={"x-api-key": secret}).status_code == 401


def test_assign_agrees_with_route_and_records_nothing(api: Client, settings: Settings) -> None:
    assigned = post(api, "assign", {"user": "u1"}).json()
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    routed = post(api, "route", {"user": "u1", "placement": "home"}).json()

    [home] = assigned["assignments"]
    assert {name: home[name] for name in ("experiment", "phase", "variant", "bucket")} == {
        name: routed[name] for name in ("experiment", "phase", "variant", "bucket")
    }
    assert open_log(settings.LOG_DIR).exposures().count().to_pyarrow().as_py() == 0


def test_both_doors_say_by_which_plan(api: Client) -> None:
    assigned = post(api, "assign", {"user": "u1"}).json()
    routed = post(api, "route", {"user": "u1", "placement": "home"}).json()

    assert assigned["plan_version"] == routed["plan_version"] == plans.current().version


def test_a_stop_acts_on_the_next_question(api: Client, running: Experiment) -> None:
    [before] = post(api, "assign", {"user": "u1"}).json()["assignments"]
    here = plans.current()

    stop_experiment(running, now=NOW)
    plans.holder.forget()
    plans.holder.hold(here)  # as a process that has not heard of it yet

    [after] = post(api, "assign", {"user": "u1"}).json()["assignments"]
    assert (before["experiment"], after["experiment"]) == ("home-ctr", None)


def test_attributes_are_judged_as_route_judges_them(api: Client) -> None:
    bare = post(api, "assign", {"user": "u1"})
    told = post(api, "assign", {"user": "u1", "attributes": {"country": "NL", "tags": ["new"]}})
    wrong = {"user": "u1", "attributes": {"country": [["NL"]]}}
    refused = post(api, "assign", wrong)

    assert (bare.status_code, told.status_code, refused.status_code) == (200, 200, 400)
    assert told.json() == bare.json()
    assert (
        refused.json()["errors"]
        == (post(api, "route", wrong | {"placement": "home"}).json()["errors"])
    )


def test_events_are_taken_one_by_one(api: Client, settings: Settings) -> None:
    batch = [event(), event(id="e2", type="Bad Type"), event(id="e3", user="")]

    response = post(api, "events", {"events": batch})

    assert response.status_code == 202
    receipt = response.json()
    assert (receipt["accepted"], receipt["duplicates"]) == (1, 0)
    assert [(r["index"], r["field"], r["pointer"]) for r in receipt["rejected"]] == [
        (1, "type", "/events/1/type"),
        (2, "user", "/events/2/user"),
    ]
    assert [row["id"] for row in logged_events(settings)] == ["e1"]


def test_an_event_sent_again_is_a_duplicate(api: Client, settings: Settings) -> None:
    post(api, "events", {"events": [event()]})

    receipt = post(api, "events", {"events": [event()]}).json()

    assert (receipt["accepted"], receipt["duplicates"]) == (0, 1)
    assert len(logged_events(settings)) == 1


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_has_1_to_1000_events(api: Client, count: int) -> None:
    response = post(api, "events", {"events": [event(id=str(i)) for i in range(count)]})

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/events"


def test_a_full_journal_answers_503_and_when_to_come_back(
    api: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise JournalFull("The journals are full.")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        response = post(api, "events", {"events": [event()]})

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json()["detail"] == "Nothing was accepted: The journals are full."
    assert logged_events(settings) == []


def test_results_before_the_first_analysis_say_so(api: Client) -> None:
    assert (
        "has not been analysed yet"
        in api.get("/api/v1/experiments/home-ctr/results").json()["detail"]
    )
    assert api.get("/api/v1/experiments/nothing/results").status_code == 404


def test_an_address_that_is_not_there_is_a_problem_too(api: Client) -> None:
    response = api.get("/api/v1/rout")

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_the_schema_describes_every_door_and_its_errors(client: Client) -> None:
    response = client.get("/api/schema", headers={"accept": "application/vnd.oai.openapi+json"})

    schema = response.json()
    addresses = {str(pattern.pattern) for pattern in urls.urlpatterns} - {"<path:rest>"}
    assert set(schema["paths"]) == {
        "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", address) for address in addresses
    }
    route = schema["paths"]["/api/v1/route"]["post"]
    assert set(route["responses"]) == {"200", "400", "401", "403", "404", "413", "429"}
    assert "RouteRequest" in schema["components"]["schemas"]
    assert schema["components"]["schemas"]["RouteRequest"]["properties"]["k"]["maximum"] == 100


def test_the_docs_page_is_there_without_a_login(client: Client) -> None:
    response = client.get("/api/docs")

    assert response.status_code == 200
    assert b"<script>" not in response.content


def test_health_needs_no_key_and_readiness_names_what_is_away(
    client: Client, settings: Settings
) -> None:
    assert client.get("/healthz").content == b"ok\n"

    settings.VALKEY_URL = "redis://127.0.0.1:1/0"
    ready = client.get("/readyz").json()

    assert ready["ready"] is True
    assert ready["database"] is True
    assert ready["valkey"] is False
