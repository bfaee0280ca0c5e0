"""A/A audits of our own log, from the request to the stored report, and by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import Settings

from config.celery import app
from events.delta import LogTable
from events.lease import take
from events.schema import to_table
from experiments import audit_runs, audits, exclusions
from experiments.exceptions import Invalid
from experiments.metric_definitions import define
from experiments.metrics import METRICS
from experiments.models import Audit, MetricDefinition
from people.actors import RAMP
from people.models import AuditEntry
from pipelines import auditing, tasks
from tests.events.conftest import EVENT, EXPOSURE

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
USERS = 600
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent."""
    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, **_: sent.append(name))
    return sent


def fill_log(users: int = USERS, *, at: datetime | None = None) -> None:
    """Each is served one slate of two items an hour ago; every other user clicks one of them."""
    at = at or timezone.now() - timedelta(hours=1)
    slates = [
        msgspec.structs.replace(EXPOSURE, request_id=f"r{n}", user=f"u{n}", at=at)
        for n in range(users)
    ]
    clicks = [
        msgspec.structs.replace(
            EVENT,
            id=f"e{n}",
            user=f"u{n}",
            request_id=f"r{n}",
            item=EXPOSURE.items[0].id,
            at=at,
            received_at=at,
        )
        for n in range(0, users, 2)
    ]
    LogTable(settings.LOG_DIR, "exposures").append(to_table("exposures", slates), {"x": 1})
    LogTable(settings.LOG_DIR, "events").append(to_table("events", clicks), {"x": 1})


def run() -> bool:
    return auditing.run_audits(now=timezone.now())


# -- asked for and run -----------------------------------------------------------------------------


def test_an_audit_is_stored_with_what_produced_it(rung: list[str]) -> None:
    fill_log()
    audit = audits.request_audit(days=7, splits=200, metrics=("clicked", "clicks_per_user"))
    assert (audit.status, audit.message, rung) == (
        "queued",
        "Waiting for a worker.",
        ["pipelines.run_audits"],
    )
    Audit.objects.update(seed=5)

    tasks.run_audits()

    audit.refresh_from_db()
    report = audits.report_of(audit)
    assert report is not None
    assert (audit.status, audit.progress, audit.attempts, audit.error) == ("succeeded", 1.0, 1, "")
    assert audit.log_versions == {"events": 1, "exposures": 1}
    assert audit.code_version == "0.1.0"
    assert (report.users, report.splits, report.seed) == (USERS, 200, 5)
    assert report.until - report.since == timedelta(days=7)
    assert [m.metric for m in report.metrics] == ["clicked", "clicks_per_user"]
    assert [(m.users, m.with_any, m.judged) for m in report.metrics] == [(600, 300, 200)] * 2
    assert {m.verdict for m in report.metrics} == {"as_expected"}


def test_without_a_choice_all_metrics_are_audited_a_teams_own_among_them() -> None:
    fill_log()
    own = msgspec.structs.replace(METRICS["clicked"], key="own", name="Own")
    define(metric=own, now=timezone.now())
    archived = msgspec.structs.replace(METRICS["clicked"], key="gone", name="Gone")
    define(metric=archived, now=timezone.now())
    MetricDefinition.objects.filter(key="gone").update(archived_at=timezone.now())
    audit = audits.request_audit(splits=100)

    run()

    audit.refresh_from_db()
    report = audits.report_of(audit)
    assert report is not None
    assert [m.metric for m in report.metrics] == [*METRICS, "own"]
    built_in = report.of("clicked")
    assert built_in is not None
    assert report.of("own") == msgspec.structs.replace(built_in, metric="own", name="Own")


def test_the_rules_for_bots_and_staff_hold() -> None:
    fill_log()
    exclusions.leave_out_users("office", ["u0", "u2"], now=timezone.now())
    audit = audits.request_audit(splits=100, metrics=("clicked",))

    run()

    audit.refresh_from_db()
    report = audits.report_of(audit)
    assert report is not None
    assert (report.users, report.metrics[0].with_any) == (598, 298)
    assert report.left_out[0].users == 2


def test_one_waits_or_runs_at_a_time() -> None:
    first = audits.request_audit(days=3)

    assert audits.request_audit(days=9) == first
    assert Audit.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.create(days=1, splits=100, method="fixed", seed=1)


def test_while_another_holds_the_lease_nothing_is_begun() -> None:
    audits.request_audit()
    take(auditing.LEASE, "another host", now=timezone.now())

    assert run() is False
    assert Audit.objects.get().status == "queued"


def test_a_broker_that_is_away_loses_no_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str, **_: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(app, "send_task", away)
    fill_log()
    audits.request_audit(splits=100, metrics=("clicked",))

    assert run() is True
    assert Audit.objects.get().status == "succeeded"


# -- what goes wrong -------------------------------------------------------------------------------


def test_too_few_users_fail_with_what_to_do() -> None:
    fill_log(40)
    audits.request_audit()

    run()

    failed = Audit.objects.get()
    assert (failed.status, failed.report) == ("failed", None)
    assert "needs 200 users" in failed.error
    assert "only 40 users were" in failed.error
    assert "Take more days" in failed.error


def test_an_unforeseen_error_is_kept_and_ends_the_audit(caplog: pytest.LogCaptureFixture) -> None:
    broken = settings.LOG_DIR / "events" / "_delta_log"
    broken.mkdir(parents=True)
    (broken / f"{0:020}.json").write_text("no json")
    audits.request_audit()

    run()

    failed = Audit.objects.get()
    assert failed.status == "failed"
    assert failed.error.startswith("It ended with an error that is no fault of the settings (")
    assert "did not finish" in caplog.text


def test_a_worker_that_died_is_followed_by_another_once_and_then_no_more() -> None:
    fill_log()
    audit = audits.request_audit(splits=100, metrics=("clicked",))
    assert audit_runs.start(audit, now=timezone.now())  # and the worker is gone

    run()
    audit.refresh_from_db()
    assert (audit.status, audit.attempts) == ("succeeded", 2)

    Audit.objects.update(status="running")
    run()
    audit.refresh_from_db()
    assert (audit.status, audit.error) == ("failed", audit_runs.DIED)


# -- cancelled -------------------------------------------------------------------------------------


def test_a_running_audit_that_is_cancelled_stops_and_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill_log()
    audit = audits.request_audit(splits=100, metrics=("clicked", "clicks_per_user"))
    told: list[str] = []

    def tell(running: Audit, done: float, message: str) -> None:
        told.append(message)
        if len(told) == 3:
            assert audits.cancel(running, actor=RAMP, now=NOON)
        audit_runs_tell(running, done, message)

    audit_runs_tell = audit_runs.tell
    monkeypatch.setattr(audit_runs, "tell", tell)
    monkeypatch.setattr(auditing, "TELL_SECONDS", 0.0)

    assert run() is True

    audit.refresh_from_db()
    assert len(told) == 3  # of more than four: two metrics, each told of at its beginning and after
    assert (audit.status, audit.report, audit.error) == ("cancelled", None, "")
    assert (audit.message, audit.finished_at) == ("Cancelled by ramp.", NOON)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.kind, entry.key, entry.by) == (
        "cancel",
        "audit",
        str(audit.pk),
        RAMP.name,
    )


def test_one_that_waits_is_cancelled_before_it_begins_and_another_can_be_asked_for() -> None:
    fill_log()
    first = audits.request_audit(splits=100, metrics=("clicked",))
    assert audits.cancel(first, actor=RAMP, now=NOON)

    assert audit_runs.start(first, now=NOON) is False
    second = audits.request_audit(splits=100, metrics=("clicked",))
    run()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.attempts) == ("cancelled", 0)
    assert (second != first, second.status) == (True, "succeeded")


def test_what_is_over_stays_as_it_is() -> None:
    fill_log()
    audit = audits.request_audit(splits=100, metrics=("clicked",))
    run()

    assert audits.cancel(audit, actor=RAMP, now=NOON) is False

    audit.refresh_from_db()
    assert audit.status == "succeeded"
    assert not AuditEntry.objects.exists()
    Audit.objects.update(status="cancelled", report=None)
    audit_runs.fail(audit, "too late", now=NOON)
    audit.refresh_from_db()
    assert (audit.status, audit.error) == ("cancelled", "")


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings_", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"splits": 99}, "splits"),
        ({"splits": 10_001}, "splits"),
        ({"method": "bayesian"}, "method"),
        ({"lookback_days": -1}, "lookback_days"),
        ({"metrics": ("luck",)}, "metrics"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(
    settings_: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        audits.request_audit(**settings_)
    assert refused.value.field == field
    assert not Audit.objects.exists()


# -- again every week ------------------------------------------------------------------------------


def test_the_newest_audit_is_repeated_a_week_later_with_its_settings() -> None:
    fill_log()
    audits.request_audit(days=9, splits=100, method="sequential", metrics=("clicked",))
    run()
    week = timezone.now() + timedelta(days=7)

    assert auditing.run_audits(now=week - timedelta(minutes=1))
    assert Audit.objects.count() == 1
    assert auditing.run_audits(now=week)
    again, first = Audit.objects.all()
    assert (again.status, again.days, again.splits) == ("succeeded", 9, 100)
    assert (again.method, again.metrics) == ("sequential", ["clicked"])
    assert again.seed != first.seed


def test_where_nobody_ever_asked_none_is_run() -> None:
    fill_log()
    assert run()
    assert not Audit.objects.exists()


# -- the command -----------------------------------------------------------------------------------


def command(*options: str) -> str:
    out = StringIO()
    call_command("aa_audit", *options, stdout=out)
    return out.getvalue()


def test_a_csv_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("user,at\nJosé,2026-03-01".encode("latin-1"))

    with pytest.raises(CommandError) as refusal:
        command("--exposures", str(path), "--events", str(path))

    assert str(refusal.value) == f"{path} is not UTF-8: save it as UTF-8."


def test_a_file_without_a_column_is_named_by_its_option(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("customer,at\nu1,2026-03-01\n")

    with pytest.raises(CommandError) as refusal:
        command("--exposures", str(path), "--events", str(path))

    assert str(refusal.value) == (
        "--exposures: has no column 'user', only customer, at, variant. Rename the one it is."
    )


def test_the_command_audits_the_log_and_repeats_itself_by_its_seed() -> None:
    fill_log()
    options = ("--metrics", "clicked,clicks_per_user", "--splits", "100", "--seed", "5", "--json")

    found = json.loads(command(*options))

    assert (found["users"], found["drawn"], found["seed"], found["splits"]) == (600, 600, 5, 100)
    assert found["log_versions"] == {"events": 1, "exposures": 1}
    assert [m["metric"] for m in found["metrics"]] == ["clicked", "clicks_per_user"]
    assert found["metrics"] == json.loads(command(*options))["metrics"]
    assert not Audit.objects.exists()


def test_the_command_says_in_words_what_it_found() -> None:
    fill_log()
    said = command("--metrics", "clicked,conversion", "--splits", "100", "--seed", "5").splitlines()

    assert said[0].startswith("600 users from ")
    assert said[0].endswith(" UTC, 0 left out by rule; 100 splits, fixed, seed 5.")
    assert said[2].split()[:3] == ["clicked", "600", "100"]
    assert "As expected" in said[2]
    assert said[3].split()[:5] == ["conversion", "600", "0", "-", "-"]
    assert said[-2] == "1 of 2 metrics are as expected, the rest not judged."
    assert said[-1] == "conversion: Nobody did it in these days."


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(3)
    at = pa.array([0] * 400, pa.timestamp("us", "UTC"))
    users = [f"u{n}" for n in range(400)]
    size = rng.integers(1, 9, 400)
    pq.write_table(pa.table({"user": users, "at": at, "impressions": size}), tmp_path / "x.parquet")
    who = [user for user, n in zip(users, rng.binomial(size, 0.4), strict=True) for _ in range(n)]
    pq.write_table(
        pa.table(
            {"user": who, "type": ["click"] * len(who), "at": pa.array([9] * len(who), at.type)}
        ),
        tmp_path / "y.parquet",
    )
    return ["--exposures", str(tmp_path / "x.parquet"), "--events", str(tmp_path / "y.parquet")]


def test_files_need_no_server_and_no_database(files: list[str], tmp_path: Path) -> None:
    gone = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    gone |= {"VALKEY_URL": "redis://127.0.0.1:1/0", "WINNOW_VAR": str(tmp_path / "var")}
    done = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "aa_audit",
            *files,
            *("--splits", "100", "--seed", "5", "--json"),
        ],
        cwd=ROOT,
        env={**os.environ, **gone, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    found = json.loads(done.stdout)
    assert (found["users"], found["log_versions"]) == (400, None)
    assert found["until"] == "1970-01-01T00:00:00.000009Z"
    ctr = next(m for m in found["metrics"] if m["metric"] == "ctr")
    assert (ctr["users"], ctr["judged"], ctr["verdict"]) == (400, 100, "as_expected")
    assert {s["metric"]: s["column"] for s in found["skipped"]} == {
        "slate_ctr": "request_id",
        "revenue_per_user": "value",
        "average_order_value": "value",
        "slow_slates": "latency_ms",
        "fallback_rate": "fallback",
        "unattributed_clicks": "item",
    }


def test_what_the_command_cannot_do_it_says(
    files: list[str], tmp_path: Path, settings: Settings
) -> None:
    for options, said in (
        ([*files[:2]], "--exposures and --events belong together"),
        (["--exposures", "no.parquet", *files[2:]], "exposures: there is no file no.parquet"),
        ([*files, "--metrics", "luck"], "There is no metric 'luck'. Known: ctr,"),
        ([*files, "--metrics", "slow_slates"], "'latency_ms', which slow_slates needs"),
        ([*files, "--metrics", ","], "metrics needs at least one metric."),
        ([*files, "--splits", "5"], "splits must be 100 to 10,000."),
        ([*files, "--days", "0"], "--days must be 1 to 365."),
        ([*files, "--seed", "-1"], "seed must be 0 or more."),
        ([], "nobody was from"),  # an empty log
    ):
        with pytest.raises(CommandError) as refused:
            command(*options)
        assert said in str(refused.value)


def test_files_that_hold_nobody_are_refused(tmp_path: Path) -> None:
    none = pa.array([], pa.timestamp("us", "UTC"))
    empty = {"user": pa.array([], pa.string()), "at": none}
    pq.write_table(pa.table(empty), tmp_path / "x.parquet")
    pq.write_table(pa.table(empty | {"type": pa.array([], pa.string())}), tmp_path / "y.parquet")

    with pytest.raises(CommandError, match="hold no row with a time"):
        command(
            *("--exposures", str(tmp_path / "x.parquet")),
            *("--events", str(tmp_path / "y.parquet")),
        )


def test_files_may_be_several_of_text_and_without_variants(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in (0, 1):
        rows = [
            f"u{n},2026-03-01 12:00:00,{1 + n % 5}" for n in range(part * 200, part * 200 + 200)
        ]
        (tmp_path / f"x{part}.csv").write_text("user,at,impressions\n" + "\n".join(rows))
    clicks = [f"u{n},click,2026-03-01T12:00:09Z" for n in range(0, 400, 2)]
    (tmp_path / "y.csv").write_text("user,type,at\n" + "\n".join(clicks))

    found = json.loads(
        command(
            *("--exposures", str(tmp_path / "x*.csv"), "--events", str(tmp_path / "y.csv")),
            *("--metrics", "clicked,impressions_per_user", "--splits", "100", "--seed", "5"),
            "--json",
        )
    )

    assert (found["users"], found["until"]) == (400, "2026-03-01T12:00:09Z")
    assert [(m["users"], m["with_any"]) for m in found["metrics"]] == [(400, 200), (400, 400)]
    assert "Times of exposures that name no zone are taken as UTC." in capsys.readouterr().err


def test_a_damaged_file_is_an_error_that_names_it(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no parquet")
    with pytest.raises(CommandError, match=r"The log cannot be read: .*x\.parquet"):
        command(*files)
