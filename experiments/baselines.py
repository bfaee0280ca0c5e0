"""Baselines of placements as rows: counted by a worker each night and on demand, read by pages.

To count a million rows takes seconds, which no page may take.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from experiments.metrics.forecasts import Baseline
from experiments.models import Placement, PlacementBaseline

logger = logging.getLogger(__name__)

TASK = "pipelines.count_baselines"
DAYS = 14
LOOKBACK_DAYS = 14.0
NIGHTLY = timedelta(days=1)
YOUNG = timedelta(minutes=4)
"""Until the days are complete a count soon says more, so each tick of the clock, of five minutes,
makes one, late or early as the tick may come.
"""


def due(*, now: datetime) -> list[Placement]:
    """Placements whose baseline is to be counted now, those that were asked for first."""
    rows = {row.placement_id: row for row in PlacementBaseline.objects.all()}
    wanted = [p for p in Placement.objects.all() if is_due(rows.get(p.pk), now=now)]
    return sorted(wanted, key=lambda p: p.pk not in rows or not rows[p.pk].is_awaited)


def is_due(row: PlacementBaseline | None, *, now: datetime) -> bool:
    """Whether it was never counted, was asked for, or is old."""
    if row is None or row.counted_at is None or row.is_awaited:
        return True
    found = baseline_of(row)
    whole = found is not None and len(found.new_users) >= DAYS
    return now - row.counted_at >= (NIGHTLY if whole else YOUNG)


def row_of(placement: Placement) -> PlacementBaseline | None:
    """The placement's, or None before the first count and the first asking."""
    return PlacementBaseline.objects.filter(placement=placement).first()


def baseline_of(row: PlacementBaseline) -> Baseline | None:
    """What was counted; None where nothing was."""
    return None if row.body is None else msgspec.convert(row.body, Baseline)


def ask(placement: Placement, *, now: datetime) -> PlacementBaseline:
    """Have it counted soon; an open request stays the one."""
    with transaction.atomic():
        row, _ = PlacementBaseline.objects.select_for_update().get_or_create(placement=placement)
        if not row.is_awaited:
            row.asked_at = now
            row.save(update_fields=["asked_at"])
        transaction.on_commit(ring)
    return row


def ring() -> None:
    """Tell Celery that there is work. A broker that is away is no error: the clock asks again."""
    try:
        current_app.send_task(TASK, retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take a count (%s); the next tick will.", error)


def store(placement: Placement, found: Baseline, *, now: datetime) -> None:
    """Keep a count in place of the last. `now` is when it began."""
    _keep(placement, body=msgspec.to_builtins(found), problem="", counted_at=now)


def store_problem(placement: Placement, problem: str, *, now: datetime) -> None:
    """Say why there is none; what was counted before is out of date and goes."""
    _keep(placement, body=None, problem=problem, counted_at=now)


def _keep(placement: Placement, **fields: object) -> None:
    PlacementBaseline.objects.update_or_create(placement=placement, defaults=fields)
