"""/metrics: who may read it, and that it says what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from events.drain import Drain
from events.exceptions import JournalFull
from events.journal import Journal
from serving import plans, rejections
from tests.api.calls import post
from tests.installation import NOW

pytestmark = pytest.mark.django_db(transaction=True)

Read = Callable[..., float]


def full(*args: object, **kwargs: object) -> None:
    raise JournalFull("The journals are full.")


def samples(client: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def read(client: Client) -> Read:
    """A sample, less what it was before the test: counts are of the whole test process."""
    before = samples(client)

    def value(name: str, *, since: bool = True, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return samples(client)[key] - (before.get(key, 0) if since else 0)

    return value


def test_routing_is_counted_by_who_served_and_why(api: Client, read: Read) -> None:
    for _ in range(3):
        post(api, "route", {"user": "a0", "placement": "home", "k": 3})

    labels = {"served_by": "web", "fallback": ""}
    assert read("winnow_route_seconds_count", **labels) == 3
    assert read("winnow_route_seconds_bucket", le="+Inf", **labels) == 3
    assert 0 < read("winnow_route_seconds_sum", **labels) < 3
    assert read("winnow_exposures_total", outcome="written") == 3
    assert read("winnow_exposures_total", outcome="dropped") == 0
    assert read("winnow_plan_version", since=False) == plans.current().version


def test_a_request_refused_is_not_a_slate(api: Client, read: Read) -> None:
    post(api, "route", {"user": "a0", "placement": "cart"})

    assert read("winnow_exposures_total", outcome="written") == 0


def test_events_are_counted_by_what_became_of_them(api: Client, read: Read) -> None:
    good = {"id": "e1", "type": "click", "user": "u1"}
    post(api, "events", {"events": [good, good, {}, {"id": "e2", "type": "Bad", "user": "u"}]})

    outcomes = ("accepted", "duplicate", "rejected", "refused")
    assert [read("winnow_events_total", outcome=o) for o in outcomes] == [1, 1, 2, 0]
    assert rejections.last_hour("events", now=NOW + timedelta(days=1000)) == {}


def test_exposures_that_callers_send_are_counted_by_what_became_of_them(
    api: Client, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    [home] = post(api, "assign", {"user": "u1"}).json()["assignments"]
    good = {"request_id": "r1", "user": "u1", "items": ["a-item-0"]} | {
        name: home[name] for name in ("experiment", "variant")
    }
    post(api, "exposures", {"exposures": [good, good, {}, good | {"variant": "other"}]})
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        refused = post(api, "exposures", {"exposures": [good | {"request_id": "r2"}] * 3})

    assert refused.status_code == 503
    outcomes = ("written", "duplicate", "rejected", "refused", "dropped")
    assert [read("winnow_exposures_total", outcome=o) for o in outcomes] == [1, 1, 2, 3, 0]
    rejected = rejections.last_hour("exposures", now=datetime.now(UTC))
    assert rejected == {"request_id": 1, "variant": 1}


def test_at_the_bound_events_are_refused_and_dropped_exposures_counted(
    api: Client, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        refused = post(api, "events", {"events": [{"id": "e1", "type": "click", "user": "u1"}]})
        served = post(api, "route", {"user": "a0", "placement": "home", "k": 3})

    assert (refused.status_code, served.status_code) == (503, 200)
    assert len(served.json()["items"]) == 3
    assert read("winnow_events_total", outcome="refused") == 1
    assert read("winnow_exposures_total", outcome="dropped") == 1


def test_the_log_says_how_far_it_is_behind(api: Client, read: Read, settings: Settings) -> None:
    assert read("winnow_log_version", since=False, stream="events") == -1

    post(api, "events", {"events": [{"id": "e1", "type": "click", "user": "u1"}]})
    waiting = read("winnow_log_backlog_bytes", since=False, stream="events")
    assert waiting == read("winnow_journal_bytes", since=False) > 0

    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    assert read("winnow_log_backlog_bytes", since=False, stream="events") == 0
    assert read("winnow_log_lag_seconds", since=False, stream="events") == 0
    assert 0 <= read("winnow_log_age_seconds", since=False, stream="events") < 60
    assert read("winnow_log_version", since=False, stream="events") == 1
    assert read("winnow_log_readable", since=False) == 1


def test_a_log_out_of_reach_hides_nothing_else(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "log" / "events" / "_delta_log").mkdir(parents=True)
    (tmp_path / "log" / "events" / "_delta_log" / f"{0:020}.json").write_text("no json")

    found = samples(client)

    assert found["winnow_log_readable", frozenset()] == 0
    assert found["winnow_journal_bytes", frozenset()] == 0


@pytest.mark.parametrize(
    ("address", "header", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 401),
        ("", {}, 401),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, 401),
    ],
)
def test_only_this_machine_reads_it_without_a_key(
    client: Client, address: str, header: dict[str, str], status: int
) -> None:
    answer = client.get("/metrics", headers=header, REMOTE_ADDR=address)

    assert answer.status_code == status
    assert answer["Content-Type"].startswith(
        "text/plain; version=0.0.4" if status == 200 else "application/problem+json"
    )


def test_with_a_key_any_machine_reads_it(api: Client) -> None:
    assert api.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 200


def test_it_is_only_read(client: Client) -> None:
    assert client.post("/metrics").status_code == 405
