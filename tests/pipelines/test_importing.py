"""A file of the page, judged and imported by a worker."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from config.celery import app
from config.supervisor.processes import QUEUES
from events import readers
from imports import jobs
from imports.models import ImportJob
from imports.rejections import Tally
from pipelines import importing
from recommenders.models import Item
from tests.acting import TESTER
from tests.installation import NOW

pytestmark = pytest.mark.django_db(transaction=True)

BEHAVIOUR = """who,what,when,stars
u1,i1,2026-11-01T10:00:00Z,4
u1,i1,2026-11-01T10:00:00Z,4
u2,,2026-11-01T10:00:00Z,3
u3,i1,yesterday,3
u4,i2,today,3
"""
COLUMNS = {"user": "who", "item": "what", "at": "when", "value": "stars"}


@pytest.fixture(autouse=True)
def _as_just_started(fresh_process: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)


def job_of(tmp_path: Path, text: str, *, kind: str = "events") -> ImportJob:
    path = tmp_path / "file.csv"
    path.write_text(text)
    return jobs.create(kind=kind, name="file.csv", path=path, uploaded=True, actor=TESTER, now=NOW)


def run(job: ImportJob) -> ImportJob:
    importing.attempt(job.pk)
    job.refresh_from_db()
    return job


def rows() -> int:
    return int(readers.open_log(settings.LOG_DIR).events().count().to_pyarrow().as_py())


def test_a_check_judges_every_row_and_writes_nothing(tmp_path: Path) -> None:
    job = job_of(tmp_path, BEHAVIOUR)
    jobs.check(job, COLUMNS)

    run(job)

    assert (job.status, job.dry_run, job.accepted, job.rejected) == ("done", True, 2, 3)
    assert {(field, n) for field, _, n in job.reasons} == {("at", 2), ("item", 1)}
    assert [line for line, _, _ in job.examples] == [4, 5, 6]
    assert rows() == 0
    assert job.file.exists()


def test_an_import_takes_what_is_sound_once(tmp_path: Path) -> None:
    job = job_of(tmp_path, BEHAVIOUR)
    jobs.check(job, COLUMNS)
    run(job)
    jobs.start(job, actor=TESTER, now=NOW)

    run(job)

    assert (job.status, job.rejected) == ("done", 3)
    assert job.message == "1 events added, 1 already there."
    [row] = readers.open_log(settings.LOG_DIR).events().to_pyarrow().to_pylist()
    assert (row["user"], row["item"], row["type"], row["value"]) == ("u1", "i1", "rating", 4.0)


def test_a_catalogue_is_imported(tmp_path: Path) -> None:
    job = job_of(tmp_path, "sku,name,price\ni1,One,3\ni2,,4\n", kind="items")
    jobs.check(job, {"item": "sku", "title": "name"})
    run(job)
    assert (job.accepted, job.rejected, Item.objects.count()) == (1, 1, 0)
    jobs.start(job, actor=TESTER, now=NOW)

    run(job)

    assert job.message == "1 items added, 0 brought up to date."
    [item] = Item.objects.all()
    assert (item.key, item.title, item.attributes) == ("i1", "One", {"price": "3"})


def test_a_file_of_another_shape_is_refused_in_words(tmp_path: Path) -> None:
    job = job_of(tmp_path, "who,what\nu1,i1\n")
    jobs.check(job, COLUMNS)

    run(job)

    assert job.status == "failed"
    assert "the column “when” is missing" in job.message
    assert rows() == 0


def test_an_import_that_is_cancelled_on_the_way_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "user,item,at\n" + "".join(f"u{n},i1,2026-11-01T10:00:00Z\n" for n in range(6000))
    job = job_of(tmp_path, text)
    jobs.check(job, {name: name for name in ("user", "item", "at")})
    run(job)
    jobs.start(job, actor=TESTER, now=NOW)
    monkeypatch.setattr(importing, "REPORT_SECONDS", 0.0)
    report, seen = jobs.report, []

    def report_once(held: ImportJob, fraction: float, tally: Tally, *, now: datetime) -> None:
        seen.append(fraction)
        report(held, fraction, tally, now=now)
        jobs.cancel(held, actor=TESTER, now=now)

    monkeypatch.setattr(jobs, "report", report_once)

    run(job)

    assert job.status == "cancelled"
    assert len(seen) == 2
    assert rows() == 0
    assert job.finished_at is not None
    assert job.finished_at <= timezone.now()


def test_a_disk_that_fails_leaves_a_job_that_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tmp_path, BEHAVIOUR)
    jobs.check(job, COLUMNS)
    run(job)
    jobs.start(job, actor=TESTER, now=NOW)

    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "import_events", full)
        run(job)
    assert job.status == "failed"
    assert job.message.startswith("It stopped: [Errno 28] No space left on device. What came in")

    jobs.start(job, actor=TESTER, now=NOW)
    assert run(job).status == "done"
    assert rows() == 1


def test_files_have_a_queue_of_their_own_with_a_worker(tmp_path: Path) -> None:
    queue = app.amqp.router.route({}, jobs.TASK)["queue"].name

    assert queue == "import"
    assert queue in QUEUES
    sharing = {task for task in app.tasks if task.startswith("pipelines.")} - {jobs.TASK}
    assert all(app.amqp.router.route({}, task)["queue"].name != queue for task in sharing)
