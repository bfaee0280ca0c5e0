from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

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
from events.drain import Drain, only_drain
from events.erasures import Report, report_of, request_erasure
from events.ingest import accept
from events.lease import take
from events.models import Erasure, Lease
from events.readers import open_log
from events.records import Event, encode
from events.schema import to_table
from experiments import exclusions, overrides
from experiments.metrics.exclusions import UserList, fingerprint
from pipelines import care, erasing, tasks
from pipelines.management.commands import erase_user
from pipelines.management.commands.erase_user import OTHER_HOSTS
from serving import plans, slates
from serving.engine import Ranked
from serving.lifecycle import routed
from serving.models import PublishedPlan
from tests.acting import TESTER, start_experiment
from tests.installation import home_experiment, trained

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
    office: dict[str, Any] = {"name": "office", "users": ("gone", "here")}
    exclusions.leave_out_users(**office, now=NOW)
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
        old_files=0,
        history=1,
        slates=1,
        waiting=0,
        journals=1,
        models=["popular@1"],
        lists=["office"],
    )
    assert exclusions.in_force()[0] == UserList(
        name="office", users=("here",), made_as=fingerprint(UserList(**office))
    )
    assert (request.user, request.person) == ("", erased.digest("gone"))
    assert logged() == [("here", "b")]
    assert fresh_process.exists("winnow:history:here", "winnow:slate:popular:here") == 2
    assert fresh_process.exists("winnow:history:gone", "winnow:slate:popular:gone") == 0


def test_a_persons_overrides_go_with_all_plans_that_had_them(
    fresh_process: redis.Redis, told: list[str], tmp_path: Path
) -> None:
    running = start_experiment(home_experiment(tmp_path / "models"), now=NOW)
    for user in ("gone", "here"):
        routed(overrides.set_override, running, user=user, variant="popular", now=NOW, actor=TESTER)
    assert plans.current().experiments[0].overrides == {"gone": "popular", "here": "popular"}

    request = request_erasure("gone", now=datetime.now(UTC))
    assert care.erase_people()

    request.refresh_from_db()
    report = report_of(request)
    assert report is not None
    assert (report.found, report.overrides) == (True, ["home-ctr"])
    assert list(running.overrides.values_list("user", flat=True)) == ["here"]
    assert "gone" not in str(list(PublishedPlan.objects.values_list("body", flat=True)))
    assert b"gone" not in settings.PLAN_MIRROR.read_bytes()
    assert plans.current().experiments[0].overrides == {"here": "popular"}


def test_an_unknown_person_is_reported_as_nothing_found(told: list[str]) -> None:
    append([event("a")], 1)

    assert erase_command("nobody") == ["Nothing was found of “nobody”.", OTHER_HOSTS]

    assert logged() == [("u", "a")]
    assert LogTable(settings.LOG_DIR, "events").version == 1


def test_the_command_says_what_went_and_what_remains_and_may_be_repeated(
    told: list[str],
) -> None:
    trained("popular", "popularity", settings.MODELS_DIR)
    exclusions.leave_out_users("office", ["gone"], now=NOW)
    act("gone", "a")
    drain_all()
    damaged = settings.JOURNAL_DIR / "damaged"
    damaged.mkdir()
    (damaged / "some.journal.0-9").write_bytes(encode([event("x", user="gone")])[:-3])

    assert erase_command("gone") == [
        "Removed of “gone”:",
        "  1 events and 0 exposures from the log",
        "  1 files beyond the log's newest version",
        "  what was theirs in 1 journal files of this host",
        "  1 live histories and 0 slates from Valkey",
        "  the id from the list “office” of users left out",
        "What remains:",
        "  1 damaged parts of journals in var/journal/damaged name the user",
        "  model versions trained before, which may hold it: popular@1",
        OTHER_HOSTS,
    ]
    (damaged / "some.journal.0-9").unlink()
    assert erase_command("gone") == ["Nothing was found of “gone”.", OTHER_HOSTS]
    assert logged() == []


def drain_all() -> None:
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()


def test_no_file_of_the_log_or_the_journals_has_their_id_afterwards(told: list[str]) -> None:
    act("gone-for-good", "a")
    drain_all()
    act("gone-for-good", "b")

    assert files_with(b"gone-for-good")
    erase_command("gone-for-good")

    assert files_with(b"gone-for-good") == []


def files_with(text: bytes) -> list[str]:
    folders = settings.LOG_DIR, settings.JOURNAL_DIR
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in paths if text in path.read_bytes()]


def test_while_records_wait_that_nobody_drains_the_request_stays_open_and_says_so(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up.catch_up, "__kwdefaults__", {"seconds": 0.1})
    append([event("a", user="gone")], 1)
    act("gone", "b")
    request = request_erasure("gone", now=datetime.now(UTC))
    with only_drain(settings.JOURNAL_DIR):  # one that stands still
        assert care.erase_people()

    request.refresh_from_db()
    report = report_of(request)
    assert report
    assert (report.events, report.waiting, request.finished_at) == (2, 1, None)
    assert request.problem == (
        "1 records of this user wait in this host's journals, and nothing moves them: see that "
        "`manage.py drain` runs and can write to the log."
    )
    assert logged() == []

    assert care.erase_people()

    request.refresh_from_db()
    report = report_of(request)
    assert report
    assert (report.events, report.waiting, report.history, request.problem) == (2, 0, 1, "")
    assert request.finished_at
    assert files_with(b"gone") == []


def test_rows_that_another_host_brings_go_with_the_files_they_came_in(told: list[str]) -> None:
    erase_command("gone")
    append([event("a", user="gone"), event("b", user="here")], 1)

    assert care.look_after_log(now=NOW)

    assert logged() == [("here", "b")]
    assert files_with(b"gone") == []


def test_what_they_do_afterwards_is_kept(told: list[str]) -> None:
    act("back", "a")
    erase_command("back")
    act("back", "b", now=datetime.now(UTC))
    catching_up.catch_up(settings.JOURNAL_DIR, settings.LOG_DIR)
    care.look_after_log(now=NOW + timedelta(hours=2))

    assert logged() == [("back", "b")]


@pytest.mark.parametrize("step", ["erasure._erase_day", "old_files._remove"])
def test_killed_at_any_step_the_next_round_finishes(
    monkeypatch: pytest.MonkeyPatch, told: list[str], step: str
) -> None:
    append([event("a", user="gone"), event("b", user="here")], 1)
    append([event("c", user="gone", at=NOW - timedelta(days=1))], 2)
    request = request_erasure("gone", now=datetime.now(UTC))

    def killed(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"events.{step}", killed)
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


def test_asked_twice_while_open_it_is_one_request_up_to_the_later_time(told: list[str]) -> None:
    later = NOW + timedelta(seconds=1)
    first = request_erasure("u", now=NOW)
    assert request_erasure("u", now=later) == first
    assert request_erasure("u", now=NOW).requested_at == later  # by a clock that was set back
    assert request_erasure("v", now=NOW) != first


def test_what_they_did_until_they_asked_again_goes_and_is_counted_once(
    settings: Settings, told: list[str]
) -> None:
    address, settings.VALKEY_URL = settings.VALKEY_URL, "redis://127.0.0.1:1/0"
    append([event("a", user="gone")], 1)
    request_erasure("gone", now=datetime.now(UTC))
    care.erase_people()  # which cannot finish
    append([event("b", user="gone", at=datetime.now(UTC)), event("c")], 2)
    settings.VALKEY_URL = address

    request = request_erasure("gone", now=datetime.now(UTC))
    assert care.erase_people()

    request.refresh_from_db()
    report = report_of(request)
    assert report
    assert (report.events, request.finished_at is not None) == (2, True)
    assert logged() == [("u", "c")]


def test_asked_again_while_it_is_worked_on_it_is_done_again(
    monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    append([event("a", user="gone")], 1)
    request = request_erasure("gone", now=datetime.now(UTC))
    forget = erasing._forget

    def asked_again(*args: Any) -> None:
        monkeypatch.setattr(erasing, "_forget", forget)
        append([event("b", user="gone", at=datetime.now(UTC)), event("c")], 2)
        request_erasure("gone", now=datetime.now(UTC))
        forget(*args)

    monkeypatch.setattr(erasing, "_forget", asked_again)
    assert care.erase_people()

    request.refresh_from_db()
    report = report_of(request)
    assert report
    assert (report.events, request.finished_at is not None, request.user) == (2, True, "")
    assert logged() == [("u", "c")]
    assert Erasure.objects.count() == 1


def test_the_command_waits_its_turn_and_says_so_in_the_end(
    monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    take("log", "another", now=datetime.now(UTC))
    monkeypatch.setattr(erase_user, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(erase_user, "WAIT_SECONDS", 0.05)
    with pytest.raises(CommandError, match="Another process is looking after the log"):
        erase_command("u")
    assert Erasure.objects.get().finished_at is None


@pytest.mark.parametrize(
    ("user", "error"),
    [
        ("", "A user id must be a string of 1 to 256 characters."),
        ("x" * 257, "A user id must be a string of 1 to 256 characters."),
        ("u\0", r"A user id must not hold the NUL character \(U\+0000\)."),
        ("u\udcff", "A user id must be valid Unicode; it holds half a surrogate pair."),
    ],
)
def test_what_is_no_user_id_is_refused(user: str, error: str) -> None:
    with pytest.raises(CommandError, match=error):
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
