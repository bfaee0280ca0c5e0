"""Erasing a person from all that Winnow keeps: the log, live history and materialised slates."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import redis
from django.conf import settings
from django.utils import timezone

from events import erased, erasure, erasures, history
from events.catching_up import catch_up
from events.erasures import Report
from events.models import Erasure
from events.records import STREAMS
from recommenders.models import ModelVersion, Recommender
from serving import slates

logger = logging.getLogger(__name__)


def attempt(request: Erasure, *, go_on: Callable[[], None]) -> Report:
    """Erase the person of an open request. Killed at any moment, it can be done again.

    Raises where something is out of reach (Valkey, the disk); the request is open then and says so.
    """
    try:
        report = _erase(request, go_on)
    except Exception as error:
        erasures.fail(request, f"{type(error).__name__}: {error}")
        raise
    erasures.finish(request, report, now=timezone.now())
    logger.info("erasure %s: %s", request.pk, report)
    return report


def _erase(request: Erasure, go_on: Callable[[], None]) -> Report:
    user, before, log_dir = request.user, request.requested_at, settings.LOG_DIR
    erased.order(log_dir, user, before=before)
    catch_up(settings.JOURNAL_DIR, log_dir)
    report = _first_report(request)
    for stream in STREAMS:
        erasure.erase(log_dir, stream, user, before=before, go_on=go_on)
        report.old_files += erasure.remove_old_files(log_dir, stream, user)
    erasures.note(request, report)
    _forget(user, report)
    report.found = report.found or bool(report.old_files or report.history or report.slates)
    report.models = _models(before) if report.found else []
    return report


def _first_report(request: Erasure) -> Report:
    """What was there before anything went: from an attempt that was killed, or found now."""
    if before := erasures.report_of(request):
        return before
    found = erasure.find(
        settings.LOG_DIR, settings.JOURNAL_DIR, request.user, before=request.requested_at
    )
    report = Report(
        found=bool(found.events or found.exposures or found.waiting or found.journals),
        events=found.events,
        exposures=found.exposures,
        old_files=0,
        history=0,
        slates=0,
        waiting=found.waiting,
        journals=found.journals,
        models=[],
    )
    erasures.note(request, report)
    return report


def _forget(user: str, report: Report) -> None:
    """Delete the person's keys in Valkey. Raises redis.RedisError."""
    keys = [slates.key(r, user) for r in Recommender.objects.values_list("key", flat=True)]
    with redis.Redis.from_url(settings.VALKEY_URL) as valkey:
        report.history = int(valkey.delete(history.key(user)))
        report.slates = int(valkey.delete(*keys)) if keys else 0


def _models(before: datetime) -> list[str]:
    versions = ModelVersion.objects.filter(created_at__lte=before).select_related("recommender")
    return [version.name for version in versions.order_by("recommender__key", "number")]
