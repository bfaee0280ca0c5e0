"""Import jobs: rows that say who may work, who does, and how it ended, as trainings have them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from celery import current_app
from django.db import models, transaction
from kombu.exceptions import OperationalError

from imports.exceptions import ImportCancelled
from imports.models import ImportJob
from imports.rejections import Tally
from people import trail
from people.actors import Actor

logger = logging.getLogger(__name__)

TASK = "pipelines.import_file"
KEPT = timedelta(days=2)
"""How long an upload waits for whoever brought it."""

Status = ImportJob.Status


def create(
    *, kind: str, name: str, path: Path, uploaded: bool, actor: Actor, now: datetime
) -> ImportJob:
    """A job whose columns are to be said yet."""
    return ImportJob.objects.create(
        kind=kind,
        name=name[:255],
        path=str(path),
        uploaded=uploaded,
        size_bytes=path.stat().st_size,
        by=actor.name,
        created_at=now,
    )


def check(job: ImportJob, columns: Mapping[str, str]) -> bool:
    """Queues a dry run with these columns; False, and no change, where the job is under way or
    over.
    """
    with transaction.atomic():
        held = ImportJob.objects.select_for_update().get(pk=job.pk)
        if held.is_active() or held.is_over():
            return False
        _queue(held, dry_run=True, columns=dict(columns))
    return True


def start(job: ImportJob, *, actor: Actor, now: datetime) -> bool:
    """Queues the import itself; False, and no change, where no dry run found a row."""
    with transaction.atomic():
        held = ImportJob.objects.select_for_update().get(pk=job.pk)
        again = not held.dry_run and held.status == Status.FAILED
        sound = held.is_checked() and held.accepted > 0
        if not sound and not again:
            return False
        _queue(held, dry_run=False, columns=held.columns)
        trail.record(
            at=now,
            actor=actor,
            verb=f"import {held.kind}",
            kind="import",
            key=str(held.pk),
            after={"file": held.name, "columns": held.columns, "rows": held.accepted},
        )
    return True


def _queue(job: ImportJob, *, dry_run: bool, columns: dict[str, str]) -> None:
    job.dry_run, job.columns, job.status = dry_run, columns, Status.QUEUED
    job.attempts, job.progress, job.rejected, job.message = 0, 0.0, 0, ""
    job.accepted = 0 if dry_run else job.accepted
    job.reasons, job.examples, job.started_at, job.finished_at = [], [], None, None
    job.save()
    transaction.on_commit(lambda: ring(job))


def ring(job: ImportJob) -> None:
    """Tells Celery that there is work. A broker that is away is no error: the sweep rings again."""
    try:
        current_app.send_task(TASK, args=[job.pk], retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take %s (%s).", job, error)


def claim(job_id: int, *, now: datetime) -> ImportJob | None:
    """Begins an attempt and takes the lease; None where somebody else has it or none is left."""
    with transaction.atomic():
        job = ImportJob.objects.select_for_update().filter(pk=job_id).first()
        if job is None or not job.may_start(now):
            return None
        job.status, job.started_at, job.leased_until = Status.RUNNING, now, now + ImportJob.LEASE
        job.attempts, job.progress = job.attempts + 1, 0.0
        job.save()
    return job


def report(job: ImportJob, fraction: float, tally: Tally, *, now: datetime) -> None:
    """Progress, which also keeps the lease. Raises ImportCancelled where the job is another's."""
    changed = _held(job).update(
        progress=fraction, rejected=tally.count, leased_until=now + ImportJob.LEASE
    )
    if not changed:
        raise ImportCancelled


def finish(
    job: ImportJob, *, accepted: int, tally: Tally, message: str = "", now: datetime
) -> None:
    """Ends a run that came to the end of its file."""
    _end(job, Status.DONE, tally, accepted=accepted, message=message, progress=1.0, now=now)


def fail(job: ImportJob, message: str, tally: Tally, *, now: datetime) -> None:
    """Ends a run that did not; the job can be run again."""
    _end(job, Status.FAILED, tally, message=message, now=now)


def _end(job: ImportJob, status: str, tally: Tally, *, now: datetime, **more: float | str) -> None:
    changed = _held(job).update(
        status=status,
        rejected=tally.count,
        reasons=tally.reasons(),
        examples=tally.examples,
        leased_until=None,
        finished_at=now,
        **more,
    )
    if changed:
        job.refresh_from_db()
        _let_go(job)


def cancel(job: ImportJob, *, actor: Actor, now: datetime) -> bool:
    """Ends a job for good; False where it was over. Its worker stops within a second or two, and
    what was committed by then stays.
    """
    with transaction.atomic():
        held = ImportJob.objects.select_for_update().get(pk=job.pk)
        if held.is_over():
            return False
        wrote = not held.dry_run and held.status in (Status.RUNNING, Status.FAILED)
        held.status, held.leased_until, held.finished_at = Status.CANCELLED, None, now
        held.message = f"Cancelled by {actor.name}. " + (
            "What had come in by then stays; importing the file again adds nothing twice."
            if wrote
            else "Nothing was written."
        )
        held.save()
        trail.record(
            at=now,
            actor=actor,
            verb="cancel import",
            kind="import",
            key=str(held.pk),
            after={"file": held.name},
        )
    _let_go(held)
    return True


def sweep(*, now: datetime) -> list[ImportJob]:
    """Rings for jobs that wait with nobody at work, ends those with no attempt left, and drops
    uploads that nobody came back to.
    """
    rung = []
    for job in ImportJob.objects.filter(status__in=[Status.QUEUED, Status.RUNNING]):
        if job.may_start(now):
            ring(job)
            rung.append(job)
        elif job.leased_until is not None and job.leased_until < now:
            fail(job, "The worker went away three times. See that it runs.", Tally(), now=now)
    waiting = ImportJob.objects.filter(
        status__in=[Status.DRAFT, Status.DONE, Status.FAILED], created_at__lt=now - KEPT
    )
    for job in waiting:
        if not job.is_over():
            job.status, job.finished_at = Status.CANCELLED, now
            job.message = "Nobody came back to it within two days, so its file was deleted."
            job.save()
            _let_go(job)
    return rung


def _held(job: ImportJob) -> models.QuerySet[ImportJob]:
    return ImportJob.objects.filter(pk=job.pk, attempts=job.attempts, status=Status.RUNNING)


def _let_go(job: ImportJob) -> None:
    """Deletes our copy of a file that is not needed any more."""
    if job.uploaded and job.is_over():
        with suppress(OSError):
            job.file.unlink()
