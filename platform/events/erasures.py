"""Requests to erase people, as rows: who may be asked about, what is open, how it ended.

The row is the truth. Celery is told as soon as it is committed; where that message is lost, or the
worker dies half way, the next round of care finds the row open and goes on.
"""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from events.erased import digest
from events.models import Erasure

logger = logging.getLogger(__name__)

TASK = "pipelines.erase_people"


class Report(msgspec.Struct, kw_only=True):
    """What went from where, and what remains.

    What went: `events` and `exposures`, rows of the log and of what waited to get there;
    `old_files`, files beyond the log's newest version; `journals`, files of this host in which
    records were overwritten; `history` and `slates`, entries in Valkey; `lists`, the names of lists
    of users left out of analysis.

    What remains: `waiting`, records in this host's journals that the drain could not move yet, for
    which the request stays open; `damaged`, files with damaged bytes that were set aside and name
    the person; `models`, versions trained before, which may hold what the person did.
    """

    found: bool
    events: int
    exposures: int
    old_files: int
    history: int
    slates: int
    waiting: int
    journals: int
    models: list[str]
    lists: list[str] = []
    damaged: int = 0


def request_erasure(user: str, *, now: datetime) -> Erasure:
    """Ask for a person to be erased; the open request, where there is one already."""
    with transaction.atomic():
        erasure, _ = Erasure.objects.get_or_create(
            person=digest(user),
            finished_at=None,
            defaults={"user": user, "requested_at": now},
        )
        transaction.on_commit(ring)
    return erasure


def ring() -> None:
    """Tell Celery that there is work. A broker that is away is no error: care looks again."""
    try:
        current_app.send_task(TASK, retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take an erasure (%s); the next round will.", error)


def report_of(erasure: Erasure) -> Report | None:
    """What was found so far, and in the end what went and what remains; None before."""
    return None if erasure.report is None else msgspec.convert(erasure.report, Report)


def note(erasure: Erasure, report: Report) -> None:
    """Keep what was found, before it goes."""
    erasure.report = msgspec.to_builtins(report)
    erasure.save(update_fields=["report"])


def fail(erasure: Erasure, problem: str) -> None:
    """Say why an attempt did not finish, and what is to be done. The request stays open."""
    erasure.problem = problem
    erasure.save(update_fields=["problem"])


def finish(erasure: Erasure, report: Report, *, now: datetime) -> None:
    """The person is gone: keep the report, and no longer the user id."""
    erasure.report, erasure.finished_at = msgspec.to_builtins(report), now
    erasure.user = erasure.problem = ""
    erasure.save()
