from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from io import StringIO

import msgspec
import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from kombu.exceptions import OperationalError
from pytest_django import Settings

from config.celery import app
from events import catching_up, compaction, erased, erasures, runtime
from events.delta import LogTable
from events.drain import Drain
from events.erasures import Report, report_of, request_erasure
from events.ingest import accept
from events.lease import take
from events.models import Erasure, Lease
from events.readers import open_log
from events.records import Event
from events.schema import to_table
from pipelines import care, tasks
from pipelines.management.commands import erase_user
from serving import slates
from serving.engine import Ranked
from tests.installation import trained

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC) - timedelta(minutes=1)  # people ask to be erased after they did something


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent for."""
    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, *a, **k: sent.append(name))
    return sent


def act(user: str, id_: str, *, now: datetime = NOW) -> None:
    """A click, as the API takes it: in a journal, and in live history."""
    raw = {"id": id_, "type": "click", "user": user, "item": "i1", "at": now.isoformat()}
    taken = accept(
        [msgspec.Raw(json.dumps(raw).encode())],
        now=now,
        journal=runtime.events_journal(),
        recent=runtime.recent(),
        history=runtime.history(),
    )
    assert taken.accepted == 1


def event(id_: str, *, user: str = "u", at: datetime = NOW) -> Event:
    return Event(
        id=id_,
        type="click",
        user=user,
        item="i1",
        request_id=None,
        value=None,
        properties={},
        at=at,
        received_at=at,
    )


def append(events: list[Event], offset: int) -> None:
    LogTable(settings.LOG_DIR, "events").append(to_table("events", events), {"j": offset})


def logged() -> list[tuple[str, str]]:
    rows = open_log(settings.LOG_DIR).events().order_by("id").to_pyarrow()
    return list(zip(rows["user"].to_pylist(), rows["id"].to_pylist(), strict=True))


def erase_command(user: str) -> list[str]:
    out = StringIO()
    call_command("erase_user", user, stdout=out)
    return out.getvalue().splitlines()


def test_a_round_compacts_and_lets_go_of_the_lease() -> None:
    append([event("a"), event("b")], 1)
    append([event("a")], 2)

    assert care.look_after_log(now=NOW)

    assert logged() == [("u", "a"), ("u", "b")]
    assert not Lease.objects.exists()


def test_old_days_go_only_where_a_limit_is_set(settings: Settings) -> None:
    append([event("old", at=NOW - timedelta(days=31)), event("kept", at=NOW)], 1)
    append([event("edge", at=NOW - timedelta(days=30))], 2)

    care.look_after_log(now=NOW)
    assert [id_ for _, id_ in logged()] == ["edge", "kept", "old"]

    settings.RETENTION_DAYS = 30
    care.look_after_log(now=NOW)
    assert [id_ for _, id_ in logged()] == ["edge", "kept"]


def test_while_another_holds_the_lease_nothing_is_done() -> None:
    append([event("a")], 1)
    append([event("a")], 2)
    take("log", "another host", now=datetime.now(UTC))

    assert not care.look_after_log(now=NOW)
    assert len(logged()) == 2

    take("log", "us", now=datetime.now(UTC) + timedelta(minutes=2))  # it ran out


def test_a_step_that_fails_does_not_keep_the_others_from_being_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise OSError("disk full")

    settings.RETENTION_DAYS = 30
    append([event("old", at=NOW - timedelta(days=31)), event("a")], 1)
    monkeypatch.setattr(compaction, "compact", broken)
    with caplog.at_level(logging.ERROR):
        assert care.look_after_log(now=NOW)

    assert [id_ for _, id_ in logged()] == ["a"]
    assert "Compaction of events did not finish; the next round tries it again." in caplog.messages


def test_the_tasks_are_asked_for_by_the_clock_and_go_to_the_queue_of_analysis() -> None:
    assert tasks.look_after_log.name in settings.CELERY_BEAT_SCHEDULE
    assert tasks.erase_people.name == erasures.TASK
    for task in (tasks.look_after_log, tasks.erase_people):
        assert app.amqp.router.route({}, task.name)["queue"].name == "analysis"


def test_a_person_goes_from_everywhere_and_the_report_says_so(
    fresh_process: redis.Redis, told: list[str]
) -> None:
    trained("popular", "popularity", settings.MODELS_DIR)
    for id_, user in (("a", "gone"), ("b", "here"), ("c", "gone")):
        act(user, id_)
    ranked = [Ranked(item="i1", score=1.0, why=None)]
    slates.store(fresh_process, "popular", "popular@1", {"gone": ranked, "here": ranked})
    now = datetime.now(UTC)

    request = request_erasure("gone", now=now)
    assert told[-1] == "pipelines.erase_people"
    assert care.erase_people()

    request.refresh_from_db()
    report = report_of(request)
    assert report == Report(
        found=True,
        events=2,
        exposures=0,
        old_files=1,
        history=1,
        slates=1,
        waiting=0,
        journals=1,
        models=["popular@1"],
    )
    assert (request.user, request.person) == ("", erased.digest("gone"))
    assert logged() == [("here", "b")]
    assert fresh_process.exists("winnow:history:here", "winnow:slate:popular:here") == 2
    assert fresh_process.exists("winnow:history:gone", "winnow:slate:popular:gone") == 0


def test_an_unknown_person_is_reported_as_nothing_found(told: list[str]) -> None:
    append([event("a")], 1)

    assert erase_command("nobody") == ["Nothing was found of “nobody”."]

    assert logged() == [("u", "a")]
    assert LogTable(settings.LOG_DIR, "events").version == 1


def test_the_command_says_what_went_and_what_remains_and_may_be_repeated(
    told: list[str],
) -> None:
    trained("popular", "popularity", settings.MODELS_DIR)
    act("gone", "a")

    assert erase_command("gone") == [
        "Removed of “gone”:",
        "  1 events and 0 exposures from the log",
        "  1 files of the log's earlier versions",
        "  1 live histories and 0 slates from Valkey",
        "What remains:",
        "  1 journal files of this host, until their writers begin the next",
        "  model versions trained before, which may hold it: popular@1",
    ]
    runtime.events_journal().close()
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()
    assert erase_command("gone") == ["Nothing was found of “gone”."]
    assert logged() == []


def test_what_they_do_afterwards_is_kept(told: list[str]) -> None:
    act("back", "a")
    erase_command("back")
    act("back", "b", now=datetime.now(UTC))
    catching_up.catch_up(settings.JOURNAL_DIR, settings.LOG_DIR)
    care.look_after_log(now=NOW + timedelta(hours=2))

    assert logged() == [("back", "b")]


@pytest.mark.parametrize("step", ["_erase_day", "remove_old_files"])
def test_killed_at_any_step_the_next_round_finishes(
    monkeypatch: pytest.MonkeyPatch, told: list[str], step: str
) -> None:
    append([event("a", user="gone"), event("b", user="here")], 1)
    append([event("c", user="gone", at=NOW - timedelta(days=1))], 2)
    request = request_erasure("gone", now=datetime.now(UTC))

    def killed(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"events.erasure.{step}", killed)
        with pytest.raises(KeyboardInterrupt):
            care.look_after_log(now=NOW)
    care.look_after_log(now=NOW)

    request.refresh_from_db()
    report = report_of(request)
    assert report
    assert (report.events, report.old_files, request.finished_at is not None) == (2, 2, True)
    assert logged() == [("here", "b")]


def test_without_valkey_the_request_stays_open_and_says_why(
    settings: Settings, told: list[str], fresh_process: redis.Redis
) -> None:
    act("gone", "a")
    address, settings.VALKEY_URL = settings.VALKEY_URL, "redis://127.0.0.1:1/0"
    with pytest.raises(CommandError, match=r"Not finished: ConnectionError: .* goes on trying"):
        erase_command("gone")
    assert logged() == []
    assert Erasure.objects.get().finished_at is None
    assert fresh_process.exists("winnow:history:gone")

    settings.VALKEY_URL = address
    lines = erase_command("gone")

    assert "  1 events and 0 exposures from the log" in lines
    assert Erasure.objects.count() == 1
    assert not fresh_process.exists("winnow:history:gone")


def test_asked_twice_while_open_it_is_one_request(told: list[str]) -> None:
    first = request_erasure("u", now=NOW)
    assert request_erasure("u", now=NOW + timedelta(seconds=1)) == first
    assert request_erasure("v", now=NOW) != first


def test_the_command_waits_its_turn_and_says_so_in_the_end(
    monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    take("log", "another", now=datetime.now(UTC))
    monkeypatch.setattr(erase_user, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(erase_user, "WAIT_SECONDS", 0.05)
    with pytest.raises(CommandError, match="Another process is looking after the log"):
        erase_command("u")
    assert Erasure.objects.get().finished_at is None


@pytest.mark.parametrize("user", ["", "x" * 257])
def test_what_is_no_user_id_is_refused(user: str) -> None:
    with pytest.raises(CommandError, match="1 to 256 characters"):
        erase_command(user)
    assert not Erasure.objects.exists()


def test_a_broker_that_is_away_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*args: object, **options: object) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(app, "send_task", away)
    assert request_erasure("u", now=NOW).pk
    assert "The broker did not take an erasure (refused); the next round will." in caplog.messages
