"""Looking after the log, by one process at a time however many hosts there are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings

from events import compaction, condemned, erased, retention
from events.exceptions import LeaseLost, LeaseTaken
from events.lease import held
from events.models import Erasure
from events.records import STREAMS, Stream
from pipelines import erasing
from serving import old_plans

logger = logging.getLogger(__name__)

LEASE = "log"

Check = Callable[[], None]


def look_after_log(*, now: datetime) -> bool:
    """One round: open erasures, then the steps of `_look_after` for each table; whether it was this
    process's turn. A step that fails is logged, and the others are done.
    """
    try:
        with held(LEASE) as check:
            _erase_people(check)
            for stream in STREAMS:
                _look_after(stream, now, check)
            _step("Retention of plans", partial(_forget_old_plans, now), check)
    except (LeaseTaken, LeaseLost) as reason:
        logger.info("This is another's turn to look after the log. %s", reason)
        return False
    return True


def erase_people() -> bool:
    """Erase now whoever is to be; False where another process looks after the log: the next round,
    whoever does it, begins with that.
    """
    if not Erasure.objects.filter(finished_at=None).exists():
        return True
    try:
        with held(LEASE) as check:
            _erase_people(check)
    except (LeaseTaken, LeaseLost) as reason:
        logger.info("Erasures wait for the next round. %s", reason)
        return False
    return True


def _erase_people(check: Check) -> None:
    for request in Erasure.objects.filter(finished_at=None).order_by("id"):
        _step(f"Erasure {request.pk}", partial(erasing.attempt, request, go_on=check), check)


def _look_after(stream: Stream, now: datetime, check: Check) -> None:
    log_dir = settings.LOG_DIR
    steps: dict[str, Callable[[], object]] = {
        "Retention": partial(_forget_old_days, stream, now),
        "Compaction": partial(_compact, stream, now, check),
        "Removal of erased rows": partial(condemned.remove, log_dir, stream),
        "Vacuum": partial(retention.vacuum, log_dir, stream),
        "Checkpoint": partial(retention.checkpoint, log_dir, stream),
    }
    for name, step in steps.items():
        _step(f"{name} of {stream}", step, check)


def _step(name: str, step: Callable[[], object], check: Check) -> None:
    check()
    try:
        step()
    except LeaseLost:
        raise
    except Exception:
        logger.exception("%s did not finish; the next round tries it again.", name)


def _forget_old_days(stream: Stream, now: datetime) -> None:
    if settings.RETENTION_DAYS is None:
        return
    first_kept = (now - timedelta(days=settings.RETENTION_DAYS)).date()
    for day in retention.forget_days(settings.LOG_DIR, stream, first_kept=first_kept):
        logger.info("%s of %s were removed: they are older than is kept.", stream, day)


def _forget_old_plans(now: datetime) -> None:
    if settings.RETENTION_DAYS is not None:
        old_plans.prune(now - timedelta(days=settings.RETENTION_DAYS))


def _compact(stream: Stream, now: datetime, check: Check) -> None:
    log_dir = settings.LOG_DIR
    people = erased.people(log_dir)
    for done in compaction.compact(log_dir, stream, now=now, erased=people, go_on=check):
        logger.info(
            "%s of %s: %d files became %d; left out %d duplicates and %d rows of erased people.",
            done.stream,
            done.day,
            done.files_before,
            done.files_after,
            done.duplicates,
            done.erased,
        )
