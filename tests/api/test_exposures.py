"""Exposures of callers that assign without /route."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from events.drain import Drain
from events.exceptions import JournalFull
from events.journal import Journal
from events.readers import open_log
from experiments.models import Experiment
from serving import plans
from tests.acting import start_experiment, stop_experiment
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)


def assigned(api: Client, user: str = "u1") -> dict[str, Any]:
    answer = api.post("/api/v1/assign", {"user": user}, content_type="application/json")
    [home] = answer.json()["assignments"]
    return dict(home)


def exposure(api: Client, request_id: str = "r1", **changes: object) -> dict[str, object]:
    """What /assign says of u1, as an exposure of two items."""
    given = assigned(api)
    return {
        "request_id": request_id,
        "user": "u1",
        "experiment": given["experiment"],
        "variant": given["variant"],
        "items": ["a-item-0", {"item": "a-item-1", "score": 0.5, "propensity": 0.25}],
    } | changes


def send(api: Client, *batch: object) -> Any:
    return api.post("/api/v1/exposures", {"exposures": batch}, content_type="application/json")


def logged(settings: Settings) -> list[dict[str, Any]]:
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    rows: list[dict[str, Any]] = open_log(settings.LOG_DIR).exposures().to_pyarrow().to_pylist()
    return rows


def test_the_plan_fills_in_what_the_caller_need_not_know(api: Client, settings: Settings) -> None:
    given = assigned(api)

    said = {"country": "NL", "age": 30, "score": 0.5, "staff": False, "tags": ["new", 2]}
    answer = send(api, exposure(api, attributes=said))

    assert (answer.status_code, answer.json()) == (
        202,
        {"accepted": 1, "duplicates": 0, "rejected": []},
    )
    [row] = logged(settings)
    assert {
        name: row[name] for name in ("request_id", "user", "experiment", "phase", "variant")
    } == {
        "request_id": "r1",
        "user": "u1",
        "experiment": "home-ctr",
        "phase": 1,
        "variant": given["variant"],
    }
    assert (row["placement"], row["recommender"], row["model_version"]) == (
        "home",
        given["recommender"],
        None,
    )
    assert row["plan_version"] == plans.current().version
    assert row["items"] == [
        {"id": "a-item-0", "score": None, "propensity": 1.0},
        {"id": "a-item-1", "score": 0.5, "propensity": 0.25},
    ]
    assert (row["reason"], row["served_by"], row["fallback"]) == ("split", "caller", None)
    assert dict(row["attributes"]) == {
        "country": "NL",
        "age": "30",
        "score": "0.5",
        "staff": "false",
        "tags": '["new",2]',
    }


def test_a_repeated_request_is_one_exposure(api: Client, settings: Settings) -> None:
    one = exposure(api)

    first = send(api, one, one).json()
    second = send(api, one, exposure(api, "r2")).json()

    assert (first["accepted"], first["duplicates"]) == (1, 1)
    assert (second["accepted"], second["duplicates"]) == (1, 1)
    assert sorted(row["request_id"] for row in logged(settings)) == ["r1", "r2"]


def test_an_event_of_the_same_id_is_no_duplicate(api: Client) -> None:
    send(api, exposure(api, "same"))

    event = {"id": "same", "type": "click", "user": "u1"}
    answer = api.post("/api/v1/events", {"events": [event]}, content_type="application/json")

    assert answer.json()["accepted"] == 1


def test_an_assignment_that_contradicts_the_plan_is_refused(
    api: Client, settings: Settings
) -> None:
    given = assigned(api)["variant"]
    other = {"popular": "item-knn", "item-knn": "popular"}[given]

    answer = send(api, exposure(api, "good"), exposure(api, "bad", variant=other)).json()

    assert (answer["accepted"], answer["duplicates"]) == (1, 0)
    assert answer["rejected"] == [
        {
            "index": 1,
            "field": "variant",
            "pointer": "/exposures/1/variant",
            "error": f"Plan {plans.current().version} gives this user the variant “{given}”.",
        }
    ]
    assert [row["request_id"] for row in logged(settings)] == ["good"]


def refusal(answer: Any) -> tuple[str, str]:
    [rejected] = answer.json()["rejected"]
    assert answer.json()["accepted"] == 0
    return rejected["pointer"], rejected["error"]


def test_an_experiment_that_does_not_run_is_named(api: Client, running: Experiment) -> None:
    good = exposure(api)

    assert refusal(send(api, good | {"experiment": "cart-ctr"})) == (
        "/exposures/0/experiment",
        "There is no running experiment “cart-ctr”. Running: home-ctr.",
    )

    stop_experiment(running, now=NOW)
    assert refusal(send(api, good))[1].endswith("“home-ctr”. Running: none.")


def test_a_user_outside_the_traffic_has_no_variant(keyed: Client, tmp_path: Path) -> None:
    start_experiment(home_experiment(tmp_path / "models", traffic="0.01"), now=NOW)
    users = (f"u{i}" for i in range(100))
    outside = next(user for user in users if assigned(keyed, user)["variant"] is None)

    answer = send(keyed, exposure(keyed, user=outside, experiment="home-ctr", variant="popular"))

    assert refusal(answer) == (
        "/exposures/0/user",
        f"Plan {plans.current().version} gives this user no variant of home-ctr: outside_traffic.",
    )


def test_an_exposure_of_another_phase_is_not_counted_in_this_one(api: Client) -> None:
    version = plans.current().version

    assert send(api, exposure(api, phase=1)).json()["accepted"] == 1
    assert refusal(send(api, exposure(api, "r2", phase=2))) == (
        "/exposures/0/phase",
        f"Plan {version} has home-ctr in phase 1.",
    )


@pytest.mark.parametrize(
    ("change", "pointer", "error"),
    [
        ({"user": ""}, "/user", "user must have 1 to 256 characters."),
        ({"items": ["a"] * 101}, "/items", "items must have at most 100 entries."),
        (
            {"items": ["a", {"item": "b", "propensity": 0}]},
            "/items/1/propensity",
            "items[1].propensity must be above 0 and at most 1.",
        ),
        (
            {"items": [{"id": "b"}]},
            "/items/0/id",
            "id is not a field of items[0]; it takes item, score, propensity.",
        ),
        (
            {"colour": "red"},
            "/colour",
            "colour is not a field of this exposure; it takes request_id, user, experiment, "
            "variant, items, phase, model_version, attributes, device, latency_ms, at.",
        ),
    ],
)
def test_a_bad_field_is_pointed_at(
    api: Client, change: dict[str, object], pointer: str, error: str
) -> None:
    assert refusal(send(api, exposure(api) | change)) == (f"/exposures/0{pointer}", error)


@pytest.mark.parametrize("field", ["request_id", "user", "experiment", "variant", "items"])
def test_what_is_required_is_said(api: Client, field: str) -> None:
    lacking = exposure(api)
    del lacking[field]

    assert refusal(send(api, lacking)) == (
        f"/exposures/0/{field}",
        f"{field} is missing.",
    )


def test_the_caller_s_clock_says_when_it_was_shown_and_the_server_s_when_it_came(
    api: Client, settings: Settings
) -> None:
    before = datetime.now(UTC)
    shown = (before - timedelta(days=3)).replace(microsecond=0)

    send(api, exposure(api, at=shown.astimezone(timezone(timedelta(hours=2))).isoformat()))

    [row] = logged(settings)
    assert (row["at"], row["day"]) == (shown, shown.date())
    assert before <= row["received_at"] <= datetime.now(UTC)


def test_without_a_time_it_was_shown_when_it_came(api: Client, settings: Settings) -> None:
    before = datetime.now(UTC)
    send(api, exposure(api))

    [row] = logged(settings)
    assert before <= row["at"] == row["received_at"] <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (timedelta(minutes=6), "Is more than 5 minutes ahead of the server's clock."),
        (timedelta(days=-8), "Is more than 7 days old; import older behaviour."),
    ],
)
def test_a_time_too_far_off_is_refused(
    api: Client, settings: Settings, after: timedelta, message: str
) -> None:
    answer = send(api, exposure(api, at=(datetime.now(UTC) + after).isoformat()))

    assert refusal(answer) == ("/exposures/0/at", message)
    assert logged(settings) == []


@pytest.mark.parametrize("at", ["2026-11-24T12:00:00", "yesterday", 5, "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_refused(api: Client, settings: Settings, at: object) -> None:
    answer = send(api, exposure(api, at=at))

    assert refusal(answer)[0] == "/exposures/0/at"
    assert logged(settings) == []


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_has_1_to_1000(api: Client, count: int) -> None:
    answer = send(api, *[{}] * count)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/exposures"


def test_a_full_journal_answers_503_and_nothing_is_remembered(
    api: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise JournalFull("The journals are full.")

    one = exposure(api)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        answer = send(api, one)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert logged(settings) == []
    assert send(api, one).json()["accepted"] == 1


def test_each_is_on_disk_before_the_answer(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    durable: list[bool] = []
    append = Journal.append

    def watched(self: Journal, batch: Any, **how: bool) -> None:
        durable.append(how.get("durable", True))
        append(self, batch, **how)

    monkeypatch.setattr(Journal, "append", watched)
    send(api, exposure(api))

    assert durable == [True]


def test_it_wants_a_key(running: Experiment, client: Client) -> None:
    assert send(client).status_code == 401
