"""Waiting for a training or a search at a terminal."""

from __future__ import annotations

import time
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone
from tqdm import tqdm

from recommenders.job_rows import Job
from recommenders.models import Search, Training

J = TypeVar("J", Training, Search)

POLL = 0.5  # seconds between two looks at the job
PATIENCE = 20.0  # seconds for a worker that is there to take a job
NOBODY = (
    "No worker has taken the {job} of {key} for {waited:.0f} s. `manage.py up` starts one. "
    "Where it runs already, see what its process `train` prints. The job waits for a worker."
)


def follow(job: J, *, title: str, patience: float = PATIENCE, poll: float = POLL) -> J:
    """Shows how a job goes until it has ended. Says once where no worker takes it."""
    since, told = time.monotonic(), False
    with tqdm(total=100, desc=title, unit="%") as bar:
        while job.is_active():
            time.sleep(poll)
            job.refresh_from_db()
            bar.set_postfix_str(job.message, refresh=False)
            bar.update(round(100 * job.progress) - bar.n)
            if job.status != Job.Status.QUEUED or _somebody_works():
                since = time.monotonic()
            elif not told and time.monotonic() - since >= patience:
                waited = time.monotonic() - since
                tqdm.write(
                    NOBODY.format(
                        job=job._meta.verbose_name, key=job.recommender.key, waited=waited
                    )
                )
                told = True
    return job


def _somebody_works() -> bool:
    """Whether a worker is at another job, after which it comes to this one."""
    return _at_work(Training.objects.all()) or _at_work(Search.objects.all())


def _at_work(rows: QuerySet[J]) -> bool:
    return rows.filter(status=Job.Status.RUNNING, leased_until__gte=timezone.now()).exists()
