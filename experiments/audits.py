"""A/A audits of the log: asking for one, and reading it.

The row is the truth. Celery is told as soon as the row is committed; where that message is lost, or
the worker dies, the clock asks again. See audit_runs for what a worker does with it.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from celery import current_app
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from experiments import exclusions, metric_definitions
from experiments.exceptions import Invalid
from experiments.metrics import Metric, UnknownMetric
from experiments.metrics.auditing import AuditReport, AuditSpec
from experiments.metrics.auditing.spec import (
    DAYS,
    FEWEST_SPLITS,
    METHODS,
    MOST_DAYS,
    MOST_SPLITS,
    SPLITS,
)
from experiments.models import Audit
from people import trail
from people.actors import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

TASK = "pipelines.run_audits"
AGAIN_AFTER = timedelta(days=7)
SEEDS = 2**31


def request_audit(
    *,
    days: int = DAYS,
    splits: int = SPLITS,
    method: str = "fixed",
    lookback_days: int = 0,
    metrics: tuple[str, ...] = (),
    actor: User | None = None,
) -> Audit:
    """Queue an audit, or return the one that is queued or running. Raises Invalid, with the field.

    `metrics` are keys, none for all that can be chosen when it runs.
    """
    given = {"days": days, "splits": splits, "lookback_days": lookback_days}
    for fault in faults(**given, method=method, metrics=metrics):
        raise fault
    if found := active():
        return found
    try:
        with transaction.atomic():
            audit = Audit.objects.create(
                days=days,
                splits=splits,
                method=method,
                lookback_days=lookback_days,
                metrics=list(metrics),
                seed=secrets.randbelow(SEEDS),
                message="Waiting for a worker.",
                requested_by=actor,
            )
            transaction.on_commit(ring)
    except IntegrityError:  # somebody else asked at this moment
        return Audit.objects.latest("id")
    return audit


def cancel(audit: Audit, *, actor: Actor, now: datetime) -> bool:
    """Ends an audit that waits or runs; False, and no change, where it had ended. Its worker learns
    of it the next time it tells how far it is, and stops.
    """
    with transaction.atomic():
        changed = Audit.objects.filter(pk=audit.pk, status__in=Audit.ACTIVE).update(
            status=Audit.Status.CANCELLED, message=f"Cancelled by {actor.name}.", finished_at=now
        )
        if changed:
            trail.record(at=now, actor=actor, verb="cancel", kind="audit", key=str(audit.pk))
    return bool(changed)


def faults(
    *,
    days: int = DAYS,
    splits: int = SPLITS,
    method: str = "fixed",
    lookback_days: int = 0,
    metrics: tuple[str, ...] = (),
) -> tuple[Invalid, ...]:
    """All that keeps an audit from being asked for so, each with its field."""
    looked_at = (
        ("days", f"Give 1 to {MOST_DAYS} days.", not 1 <= days <= MOST_DAYS),
        (
            "splits",
            f"Give {FEWEST_SPLITS} to {MOST_SPLITS:,} splits.",
            not FEWEST_SPLITS <= splits <= MOST_SPLITS,
        ),
        ("method", f"Choose one of {', '.join(METHODS)}.", method not in METHODS),
        ("lookback_days", f"Give 0 to {MOST_DAYS} days.", not 0 <= lookback_days <= MOST_DAYS),
    )
    found = [Invalid(remedy, field=field) for field, remedy, wrong in looked_at if wrong]
    try:
        chosen(metrics)
    except UnknownMetric as error:
        found.append(Invalid(str(error), field="metrics"))
    return tuple(found)


def ring() -> None:
    """Tell Celery that there is work. A broker that is away is no error: the clock asks again."""
    try:
        current_app.send_task(TASK, retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take the audit (%s).", error)


def ask_weekly(*, now: datetime) -> Audit | None:
    """Repeat the newest audit with its settings, once it is a week old; None where none is due."""
    last = Audit.objects.first()
    if last is None or last.is_active() or now - last.created_at < AGAIN_AFTER:
        return None
    return request_audit(
        days=last.days,
        splits=last.splits,
        method=last.method,
        lookback_days=last.lookback_days,
        metrics=tuple(key for key in last.metrics if key in metric_definitions.metrics()),
    )


def active() -> Audit | None:
    """The one that is queued or running."""
    return Audit.objects.filter(status__in=Audit.ACTIVE).order_by("id").first()


def done() -> list[Audit]:
    """Those with a report, newest first, without the report itself."""
    return list(Audit.objects.filter(status=Audit.Status.SUCCEEDED).defer("report"))


def report_of(audit: Audit) -> AuditReport | None:
    """What it found; None before."""
    return None if audit.report is None else msgspec.convert(audit.report, AuditReport)


def chosen(keys: tuple[str, ...]) -> tuple[Metric, ...]:
    """The metrics of those keys, all that can be chosen for none. Raises UnknownMetric."""
    known = metric_definitions.metrics()
    for key in keys:
        if key not in known:
            raise UnknownMetric(key, tuple(known))
    return tuple(known[key] for key in dict.fromkeys(keys)) if keys else tuple(known.values())


def spec_of(audit: Audit, *, until: datetime) -> AuditSpec:
    """What to audit. Raises UnknownMetric for one that is there no longer."""
    return AuditSpec(
        metrics=chosen(tuple(audit.metrics)),
        since=until - timedelta(days=audit.days),
        until=until,
        seed=audit.seed,
        splits=audit.splits,
        method=audit.method,  # type: ignore[arg-type]
        lookback_days=float(audit.lookback_days),
        exclusions=exclusions.in_force(),
    )
