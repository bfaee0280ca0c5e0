"""Erasing a person from all that Winnow keeps: the log, live history, slates and lists."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import redis
from django.conf import settings
from django.utils import timezone

from events import erased, erasure, erasures, history, journal_erasure
from events.catching_up import catch_up
from events.erasures import Report
from events.models import Erasure
from events.records import STREAMS
from experiments import exclusions, overrides
from people.actors import ERASURE
from recommenders.models import ModelVersion, Recommender
from serving import old_plans, slates
from serving.lifecycle import routed

logger = logging.getLogger(__name__)


def attempt(request: Erasure, *, go_on: Callable[[], None]) -> None:
    """Erase the person of an open request. Killed at any moment, it can be done again.

    Where something of theirs still waits, the request stays open and says for what; where it was
    made again meanwhile, it is done again. Raises where something is out of reach (Valkey, the
    disk); the request is open then too and says so.
    """
    try:
        report = _erase(request, go_on)
    except Exception as error:
        erasures.fail(request, f"{type(error).__name__}: {error}")
        raise
    logger.info("erasure %s: %s", request.pk, report)
    if report.waiting:
        erasures.fail(request, _waits_for(report))
    elif not erasures.finish(request, report, now=timezone.now()):
        attempt(request, go_on=go_on)


def _waits_for(report: Report) -> str:
    return (
        f"{report.waiting} records of this user wait in this host's journals, and nothing moves "
        "them: see that `manage.py drain` runs and can write to the log."
    )


def _erase(request: Erasure, go_on: Callable[[], None]) -> Report:
    user, before, log_dir = request.user, request.requested_at, settings.LOG_DIR
    report = _report_before(request)
    erased.order(log_dir, user, before=before)
    catch_up(settings.JOURNAL_DIR, log_dir)
    # Counted first: what waits now may get into the tables behind the back of what follows.
    waiting = journal_erasure.waiting(log_dir, settings.JOURNAL_DIR, user, before=before)
    report.waiting = sum(map(len, waiting.values()))
    for stream in STREAMS:
        report.old_files += erasure.erase(log_dir, stream, user, before=before, go_on=go_on)
        erasures.note(request, report)
    _clear_journals(user, before, report)
    _forget(user, report)
    erasures.note(request, report)
    report.found = report.found or _found_more(report)
    report.models = _models(before) if report.found else []
    return report


def _report_before(request: Erasure) -> Report:
    """What was there before anything went: as an earlier attempt found it, with what came between
    its order and the time of this one; or found now.
    """
    ordered = erased.people(settings.LOG_DIR).get(erased.digest(request.user))
    report = erasures.report_of(request)
    if report is None or ordered is None:
        report = _found_now(request)
    elif ordered < request.requested_at:
        _add_found_since(ordered, request, report)
    erasures.note(request, report)
    return report


def _add_found_since(ordered: datetime, request: Erasure, report: Report) -> None:
    places = settings.LOG_DIR, settings.JOURNAL_DIR, request.user
    known = erasure.find(*places, before=ordered)
    found = erasure.find(*places, before=request.requested_at)
    report.events += found.events - known.events
    report.exposures += found.exposures - known.exposures
    report.found = report.found or bool(report.events or report.exposures)


def _found_now(request: Erasure) -> Report:
    found = erasure.find(
        settings.LOG_DIR, settings.JOURNAL_DIR, request.user, before=request.requested_at
    )
    return Report(
        found=bool(found.events or found.exposures),
        events=found.events,
        exposures=found.exposures,
        old_files=0,
        history=0,
        slates=0,
        waiting=0,
        journals=0,
        models=[],
        lists=exclusions.lists_with(request.user),
        overrides=overrides.overridden(request.user),
    )


def _clear_journals(user: str, before: datetime, report: Report) -> None:
    places = settings.LOG_DIR, settings.JOURNAL_DIR, user
    report.journals += journal_erasure.blot_out(*places, before=before)
    report.damaged = journal_erasure.damaged(settings.JOURNAL_DIR, user)


def _forget(user: str, report: Report) -> None:
    """Take the person off the lists and out of the plans, and delete their keys in Valkey. Raises
    redis.RedisError.
    """
    exclusions.forget(user)
    if overrides.overridden(user):
        routed(overrides.forget, user, now=timezone.now(), actor=ERASURE)
    old_plans.forget(user)
    keys = [slates.key(r, user) for r in Recommender.objects.values_list("key", flat=True)]
    with redis.Redis.from_url(settings.VALKEY_URL) as valkey:
        report.history += int(valkey.delete(history.key(user)))
        report.slates += int(valkey.delete(*keys)) if keys else 0


def _found_more(report: Report) -> bool:
    parts = (report.old_files, report.journals, report.history, report.slates, report.damaged)
    return any(parts) or bool(report.lists or report.overrides)


def _models(before: datetime) -> list[str]:
    versions = ModelVersion.objects.filter(created_at__lte=before).select_related("recommender")
    return [version.name for version in versions.order_by("recommender__key", "number")]
