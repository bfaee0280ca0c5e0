"""Import jobs: who may work, and what becomes of the file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from imports import jobs
from imports.exceptions import ImportCancelled
from imports.models import ImportJob
from imports.rejections import Tally
from people.models import AuditEntry
from tests.acting import TESTER

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + ImportJob.LEASE + timedelta(seconds=1)
COLUMNS = {"user": "u"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "past.csv"
    path.write_text("user,item,at\n")
    return path


@pytest.fixture
def job(file: Path) -> ImportJob:
    return jobs.create(
        kind="events", name="past.csv", path=file, uploaded=True, actor=TESTER, now=NOW
    )


def claimed(job: ImportJob, now: datetime = NOW) -> ImportJob:
    found = jobs.claim(job.pk, now=now)
    assert found is not None
    return found


def checked(job: ImportJob) -> ImportJob:
    assert jobs.check(job, COLUMNS)
    jobs.finish(claimed(job), accepted=5, tally=Tally(), now=NOW)
    job.refresh_from_db()
    return job


def test_nothing_is_imported_before_a_check(job: ImportJob) -> None:
    assert not jobs.start(job, actor=TESTER, now=NOW)

    jobs.check(job, COLUMNS)
    assert not jobs.start(job, actor=TESTER, now=NOW)

    job.refresh_from_db()
    assert (job.status, job.dry_run) == ("queued", True)
    assert not AuditEntry.objects.exists()


def test_a_checked_file_is_imported_with_an_entry_in_the_trail(job: ImportJob, file: Path) -> None:
    assert jobs.start(checked(job), actor=TESTER, now=NOW)

    entry = AuditEntry.objects.get()
    assert (entry.by, entry.verb, entry.kind, entry.key) == (
        "tester",
        "import events",
        "import",
        str(job.pk),
    )
    assert entry.after == {"file": "past.csv", "columns": COLUMNS, "rows": 5}
    assert file.exists()
    jobs.finish(claimed(job), accepted=5, tally=Tally(), message="5 events added.", now=NOW)
    job.refresh_from_db()
    assert (job.status, job.message, job.progress) == ("done", "5 events added.", 1.0)
    assert not file.exists()


def test_a_file_of_the_server_is_left_where_it_is(job: ImportJob, file: Path) -> None:
    ImportJob.objects.update(uploaded=False)
    jobs.start(checked(job), actor=TESTER, now=NOW)
    jobs.finish(claimed(job), accepted=5, tally=Tally(), now=NOW)

    assert file.exists()


def test_one_worker_has_a_job_until_its_lease_is_out(job: ImportJob) -> None:
    jobs.check(job, COLUMNS)
    first = claimed(job)

    assert jobs.claim(job.pk, now=NOW) is None
    second = claimed(job, LATER)
    with pytest.raises(ImportCancelled):
        jobs.report(first, 0.5, Tally(), now=LATER)
    jobs.report(second, 0.25, Tally(), now=LATER)
    job.refresh_from_db()
    assert (job.progress, job.leased_until) == (0.25, LATER + ImportJob.LEASE)


def test_a_cancelled_job_is_over_for_its_worker_and_its_file_is_gone(
    job: ImportJob, file: Path
) -> None:
    jobs.start(checked(job), actor=TESTER, now=NOW)
    running = claimed(job)

    assert jobs.cancel(job, actor=TESTER, now=NOW)

    with pytest.raises(ImportCancelled):
        jobs.report(running, 0.5, Tally(), now=NOW)
    jobs.finish(running, accepted=9, tally=Tally(), now=NOW)
    job.refresh_from_db()
    assert (job.status, job.accepted) == ("cancelled", 5)
    assert job.message.startswith("Cancelled by tester. What had come in by then stays")
    assert not file.exists()
    assert AuditEntry.objects.filter(verb="cancel import").count() == 1
    assert not jobs.cancel(job, actor=TESTER, now=NOW)
    assert not jobs.check(job, COLUMNS)


def test_before_the_import_a_cancelled_job_has_written_nothing(job: ImportJob) -> None:
    jobs.cancel(checked(job), actor=TESTER, now=NOW)

    job.refresh_from_db()
    assert job.message == "Cancelled by tester. Nothing was written."


def test_a_check_with_other_columns_forgets_the_one_before(job: ImportJob) -> None:
    jobs.check(checked(job), {"user": "v"})

    job.refresh_from_db()
    assert (job.status, job.columns, job.accepted) == ("queued", {"user": "v"}, 0)


def test_an_import_that_stopped_is_run_again_without_another_check(job: ImportJob) -> None:
    jobs.start(checked(job), actor=TESTER, now=NOW)
    jobs.fail(claimed(job), "It stopped: no space left.", Tally(), now=NOW)

    job.refresh_from_db()
    assert (job.status, job.message) == ("failed", "It stopped: no space left.")
    assert jobs.start(job, actor=TESTER, now=NOW)


def test_the_sweep_ends_what_three_workers_lost(job: ImportJob) -> None:
    jobs.check(job, COLUMNS)
    now = NOW
    for _ in range(ImportJob.MAX_ATTEMPTS):
        claimed(job, now)
        assert jobs.sweep(now=now) == []
        now += ImportJob.LEASE + timedelta(seconds=1)

    assert jobs.sweep(now=now) == []

    job.refresh_from_db()
    assert (job.status, job.message[:24]) == ("failed", "The worker went away thr")


def test_the_sweep_rings_for_what_waits(job: ImportJob) -> None:
    jobs.check(job, COLUMNS)

    assert jobs.sweep(now=NOW) == [job]


def test_a_file_that_nobody_came_back_to_is_deleted(job: ImportJob, file: Path) -> None:
    jobs.sweep(now=NOW + jobs.KEPT)
    assert file.exists()

    jobs.sweep(now=NOW + jobs.KEPT + timedelta(seconds=1))

    job.refresh_from_db()
    assert job.status == "cancelled"
    assert not file.exists()
