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
from people import trail
from people.actors import COMMAND, Actor

logger = logging.getLogger(__name__)

TASK = "pipelines.erase_people"


class Report(msgspec.Struct, kw_only=True):
    """What went from where, and what remains.

    What went: `events` and `exposures`, rows of the log and of what waited to get there;
    `old_files`, files beyond the log's newest version; `journals`, files of this host in which
    records were overwritten; `history` and `slates`, entries in Valkey; `lists`, the names of lists
    of users left out of analysis; `overrides`, the keys of experiments that had one for them.

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
    overrides: list[str] = []


def request_erasure(user: str, *, now: datetime, actor: Actor = COMMAND) -> Erasure:
    """Ask for a person to be erased: what was taken from them up to now.

    Where a request of theirs is open, it is that one, up to now. Whoever works on it goes on. The
    audit trail names the request by its number, and never the person: it is kept for ever.
    """
    with transaction.atomic():
        # Locked, so that it is not finished between the look and the move.
        erasure, created = Erasure.objects.select_for_update().get_or_create(
            person=digest(user),
            finished_at=None,
            defaults={"user": user, "requested_at": now},
        )
        if not created and erasure.requested_at < now:
            erasure.requested_at = now
            erasure.save(update_fields=["requested_at"])
        trail.record(at=now, actor=actor, verb="ask for", kind="erasure", key=str(erasure.pk))
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


def finish(erasure: Erasure, report: Report, *, now: datetime) -> bool:
    """The person is gone: keep the report, and no longer the user id.

    False, and still open, where they were asked for again since this attempt began.
    """
    same = Erasure.objects.filter(pk=erasure.pk, requested_at=erasure.requested_at)
    done = same.update(report=msgspec.to_builtins(report), finished_at=now, user="", problem="")
    erasure.refresh_from_db()
    return done == 1
