"""Who works on a job, and that nobody else does: one attempt at a time holds it, by a lease.

What an attempt that has lost the job still says changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from recommenders.job_rows import Job

ERROR_LENGTH = 4000
_WORDS = {2: "two attempts", 3: "three attempts"}

J = TypeVar("J", bound=Job)
Status = Job.Status


def claim(rows: QuerySet[J], pk: int, *, now: datetime, **begin: object) -> J | None:
    """Begins an attempt and takes the lease; None where somebody else has it or none is left.

    begin: fields of the job that start anew with each attempt.
    """
    with transaction.atomic():
        job = rows.select_for_update().filter(pk=pk).first()
        if job is None or not job.may_start(now):
            return None
        job.status = Status.RUNNING
        job.attempts += 1
        job.leased_until = now + job.LEASE
        job.started_at = now
        job.message = "Starting."
        for name, value in begin.items():
            setattr(job, name, value)
        job.save()
    return job


def renew(job: Job, *, now: datetime) -> bool:
    """The heartbeat: keeps the lease. False where another attempt has taken the job over."""
    return held(job).update(leased_until=now + job.LEASE) == 1


def held(job: J) -> QuerySet[J]:
    """The job, as long as this attempt has it."""
    # A job that succeeded is still its attempt's: the child may take a moment to end.
    rows: QuerySet[J] = type(job)._default_manager.all()
    return rows.filter(
        pk=job.pk, attempts=job.attempts, status__in=[Status.RUNNING, Status.SUCCEEDED]
    )


def move(job: Job, changes: dict[str, Any]) -> bool:
    """Changes a job that this attempt is working on; False, and no change, for any other."""
    if not held(job).filter(status=Status.RUNNING).update(**changes):
        return False
    for name, value in changes.items():
        setattr(job, name, value)
    return True


def give_up(
    job: J, error: str, *, now: datetime, ring: Callable[[J], None], for_good: bool = False
) -> bool:
    """Ends an attempt that failed. True where another attempt follows, which never does where it
    failed `for_good`.

    Nothing is changed where the job has succeeded, or is another attempt's by now.
    """
    with transaction.atomic():
        mine = held(job).filter(status=Status.RUNNING).select_for_update().first()
        if mine is None:
            return False
        again = mine.attempts < mine.MAX_ATTEMPTS and not for_good
        mine.status = Status.QUEUED if again else Status.FAILED
        mine.error = error[-ERROR_LENGTH:]
        mine.leased_until = None
        mine.message = _ended(mine, again=again)
        mine.finished_at = None if again else now
        mine.save()
        if again:
            transaction.on_commit(lambda: ring(mine))
    return again


def _ended(job: Job, *, again: bool) -> str:
    if again:
        return "Trying once more."
    spent = job.attempts >= job.MAX_ATTEMPTS
    return (
        f"Stopped after {_WORDS[job.attempts]}."
        if spent
        else "Stopped: another attempt would end alike."
    )


def sweep(rows: QuerySet[J], *, now: datetime, ring: Callable[[J], None], gone: str) -> list[J]:
    """Rings for every job that waits with nobody working on it; ends those with no attempt left.

    gone: what is said of the latter.
    """
    rung = []
    for job in rows.filter(status__in=[Status.QUEUED, Status.RUNNING]):
        if job.may_start(now):
            ring(job)
            rung.append(job)
        elif job.leased_until is not None and job.leased_until < now:
            give_up(job, gone, now=now, ring=ring)
    return rung
