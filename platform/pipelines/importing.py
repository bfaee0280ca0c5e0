"""Running an import job: the worker's side of the page that imports a file."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.utils import timezone

from events.import_columns import Columns
from events.importing import import_events
from imports import jobs
from imports.exceptions import ImportCancelled, ImportRefused
from imports.models import ImportJob
from imports.rejections import Tally
from recommenders.item_files import read_items
from recommenders.services import import_items

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
AGAIN = "What came in so far stays. Put that right and import again: nothing is added twice."

Progress = Callable[[int, int], None]


def attempt(job_id: int) -> None:
    """Claims the job and sees one attempt through. Does nothing where the job is not to be had."""
    job = jobs.claim(job_id, now=timezone.now())
    if job is None:
        return
    tally = Tally()
    try:
        accepted, message = _RUN[job.kind](job, tally, _reporting(job, tally))
    except ImportCancelled:
        logger.info("%s was cancelled", job)
    except ImportRefused as error:
        jobs.fail(job, _of_theirs(job, error), tally, now=timezone.now())
    except Exception as error:  # DuckDB, Arrow, the database and the disk have no common one
        logger.exception("%s stopped", job)
        jobs.fail(job, _stopped(job, error), tally, now=timezone.now())
    else:
        jobs.finish(job, accepted=accepted, tally=tally, message=message, now=timezone.now())


def _of_theirs(job: ImportJob, error: ImportRefused) -> str:
    """By the name that whoever brought the file gave it: ours says nothing to them."""
    return str(error).replace(job.file.name, job.name)


def _stopped(job: ImportJob, error: Exception) -> str:
    why = f"It stopped: {str(error).rstrip('.')}."
    return why if job.dry_run else f"{why} {AGAIN}"


def _reporting(job: ImportJob, tally: Tally) -> Progress:
    """Tells the job how far it is, once a second; raises ImportCancelled."""
    due = 0.0

    def progress(done: int, size: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            jobs.report(job, done / max(size, 1), tally, now=timezone.now())
            due = time.monotonic() + REPORT_SECONDS

    return progress


def _events(job: ImportJob, tally: Tally, progress: Progress) -> tuple[int, str]:
    result = import_events(
        job.file,
        log_dir=settings.LOG_DIR,
        journal_dir=settings.JOURNAL_DIR,
        now=timezone.now(),
        columns=Columns(named=job.columns, ignore_others=True),
        dry_run=job.dry_run,
        progress=progress,
        on_rejection=tally.add,
    )
    said = f"{result.added:,} events added, {result.already_there:,} already there."
    if result.erased:
        said += f" {result.erased:,} of people erased meanwhile left out."
    return result.added + result.already_there, "" if job.dry_run else said


def _items(job: ImportJob, tally: Tally, progress: Progress) -> tuple[int, str]:
    rows = read_items(job.file, columns=job.columns, progress=progress, on_rejection=tally.add)
    if job.dry_run:
        return sum(1 for _ in rows), ""
    done = import_items(rows)
    return done.added + done.updated, (
        f"{done.added:,} items added, {done.updated:,} brought up to date."
    )


_RUN = {ImportJob.Kind.EVENTS.value: _events, ImportJob.Kind.ITEMS.value: _items}
