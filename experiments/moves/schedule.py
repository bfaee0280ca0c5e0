"""Starts and ends that are set for a time, and the clock that keeps them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction

from experiments.checks import check_schedule
from experiments.exceptions import Invalid, NotAllowed
from experiments.lifecycle import article
from experiments.models import Experiment
from experiments.moves.row import moving
from experiments.moves.start import start
from experiments.moves.stop import stop
from people.actors import SCHEDULE, Actor

Kept = Literal["started", "missed", "stopped"]


def reschedule(
    experiment: Experiment,
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    now: datetime,
    actor: Actor,
    why: str = "",
) -> Experiment:
    """Of a draft both, of an experiment under way the end; None for no time set. Raises NotAllowed
    for one that has ended, and Invalid (starts_at, ends_at).
    """
    with moving(experiment, "reschedule", now=now, actor=actor, why=why) as row:
        if row.status in Experiment.ENDED:
            raise NotAllowed(f"{article(row.status)} experiment has ended: nothing is scheduled.")
        if row.is_under_way and starts_at is not None:
            raise Invalid("It has started: only its end can be set.", field="starts_at")
        check_schedule(starts_at, ends_at, now=now)
        row.starts_at, row.ends_at = starts_at, ends_at
    return row


def start_due(experiment: Experiment, *, now: datetime) -> Kept | None:
    """Starts a draft whose time has come. Where the checklist refuses, its start is taken back, and
    the trail says why: nothing starts later, at a time nobody chose. None where another was first.
    """
    with transaction.atomic():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        due = row.starts_at
        if row.status != Experiment.Status.DRAFT or due is None or due > now:
            return None
        try:
            start(row, now=now, actor=SCHEDULE, why=f"Its start was set for {_said(due)}.")
        except NotAllowed as refusal:
            why = f"It was to start at {_said(due)} and could not. {refusal.message}"
            with moving(row, "miss start", now=now, actor=SCHEDULE, why=why) as locked:
                locked.starts_at = None
            return "missed"
    return "started"


def stop_due(experiment: Experiment, *, now: datetime) -> Kept | None:
    """Stops an experiment whose end has come. None where another was first."""
    with transaction.atomic():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        due = row.ends_at
        if not row.is_under_way or due is None or due > now:
            return None
        stop(row, now=now, actor=SCHEDULE, why=f"Its end was set for {_said(due)}.")
    return "stopped"


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
