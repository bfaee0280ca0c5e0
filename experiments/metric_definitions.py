"""The metrics that can be chosen, built in or a team's own, and what changes a team's own.

A change counts from the next analysis of an experiment on, which counts all of its history anew.
Snapshots stay as they were computed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from experiments.exceptions import Invalid, NotAllowed, Taken
from experiments.metrics import METRICS, Metric, Scorecard, UnknownMetric
from experiments.models import Experiment, MetricDefinition
from people import trail
from people.actors import COMMAND, Actor

MOST_METRICS = 200
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 300

Using = dict[str, list[Experiment]]
"""By a metric's key, the experiments that are measured by it, newest first."""


def metrics() -> dict[str, Metric]:
    """All that can be chosen, by key: those built in, and then a team's own."""
    own = (metric for row, metric in listed() if row.archived_at is None)
    return METRICS | {metric.key: metric for metric in own}


def metric_named(key: str) -> Metric:
    """The metric of that key, also an archived one. Raises UnknownMetric."""
    if key in METRICS:
        return METRICS[key]
    row = MetricDefinition.objects.filter(key=key).first()
    if row is None:
        raise UnknownMetric(key, tuple(metrics()))
    return metric_of(row)


def named(keys: Collection[str]) -> dict[str, Metric]:
    """Those metrics by key, archived ones too. Raises UnknownMetric."""
    own = [key for key in keys if key not in METRICS]
    rows = MetricDefinition.objects.filter(key__in=own) if own else []
    known = METRICS | {row.key: metric_of(row) for row in rows}
    missing = next((key for key in keys if key not in known), None)
    if missing is not None:
        raise UnknownMetric(missing, tuple(metrics()))
    return {key: known[key] for key in keys}


def metric_of(row: MetricDefinition) -> Metric:
    """What the row says."""
    return msgspec.convert(row.definition, Metric)


def listed() -> list[tuple[MetricDefinition, Metric]]:
    """A team's own, archived ones too, in the order made."""
    rows = MetricDefinition.objects.select_related("created_by")
    return [(row, metric_of(row)) for row in rows]


def using() -> Using:
    """Every metric that an experiment is measured by."""
    found: Using = {}
    for experiment in Experiment.objects.all():
        for key in experiment.measured.chosen:
            found.setdefault(key, []).append(experiment)
    return found


def changed_since(scorecard: Scorecard) -> list[tuple[MetricDefinition, Metric]]:
    """A team's own metrics of the scorecard that are defined otherwise now."""
    made_by = {result.metric: result.fingerprint for result in scorecard.metrics}
    rows = MetricDefinition.objects.filter(key__in=made_by)
    now = [(row, metric_of(row)) for row in rows]
    return [(row, metric) for row, metric in now if metric.fingerprint != made_by[row.key]]


def define(*, metric: Metric, now: datetime, actor: Actor = COMMAND) -> MetricDefinition:
    """A new metric. Raises Invalid, naming the field."""
    if MetricDefinition.objects.count() >= MOST_METRICS:
        raise Invalid(f"There are {MOST_METRICS} metrics of your own already: change one.")
    _check(metric)
    if metric.key in METRICS:
        raise Taken(f"“{metric.key}” is built in. Choose another key.", field="key")
    try:
        with transaction.atomic():
            row = MetricDefinition.objects.create(
                key=metric.key,
                definition=msgspec.to_builtins(metric),
                created_by=actor.user,
                updated_at=now,
            )
            _record("define", row, now=now, actor=actor, after=_told(row))
    except IntegrityError:
        raise Taken(
            f"There is a metric “{metric.key}” already, or was. Choose another key.", field="key"
        ) from None
    return row


def change(
    row: MetricDefinition, *, metric: Metric, now: datetime, actor: Actor = COMMAND
) -> MetricDefinition:
    """Define it otherwise, under the same key. Raises Invalid, naming the field, and NotAllowed."""
    with transaction.atomic():
        row = _locked(row)
        if row.archived_at is not None:
            raise NotAllowed(f"{row.key} is archived. Restore it before you change it.")
        if metric.key != row.key:
            raise Invalid(f"A key never changes: this one is “{row.key}”.", field="key")
        _check(metric, but=row)
        before = _told(row)
        if metric.fingerprint != metric_of(row).fingerprint:
            row.updated_at = now
        row.definition = msgspec.to_builtins(metric)
        row.save()
        _record("change", row, now=now, actor=actor, before=before, after=_told(row))
    return row


def archive(
    row: MetricDefinition, *, now: datetime, actor: Actor = COMMAND, why: str = ""
) -> MetricDefinition:
    """Offer it no longer. Raises NotAllowed where it is archived already, and where drafts and
    running experiments are measured by it, naming them.
    """
    with transaction.atomic():
        row = _locked(row)
        if row.archived_at is not None:
            raise NotAllowed(f"{metric_of(row).name} is archived already.")
        open_ones = [e for e in using().get(row.key, []) if e.status not in Experiment.ENDED]
        if open_ones:
            named = ", ".join(
                f"{experiment.name} ({experiment.status})" for experiment in open_ones
            )
            raise NotAllowed(
                f"{metric_of(row).name} is measured by {named}. Archive it once they have stopped."
            )
        row.archived_at = now
        row.save()
        _record("archive", row, now=now, actor=actor, why=why)
    return row


def restore(
    row: MetricDefinition, *, now: datetime, actor: Actor = COMMAND, why: str = ""
) -> MetricDefinition:
    """Offer it again. Raises NotAllowed where it is not archived, and Invalid where another has its
    name by now.
    """
    with transaction.atomic():
        row = _locked(row)
        if row.archived_at is None:
            raise NotAllowed(f"{metric_of(row).name} is not archived.")
        _check(metric_of(row), but=row)
        row.archived_at = None
        row.save()
        _record("restore", row, now=now, actor=actor, why=why)
    return row


def _locked(row: MetricDefinition) -> MetricDefinition:
    return MetricDefinition.objects.select_for_update().get(pk=row.pk)


def _told(row: MetricDefinition) -> dict[str, Any]:
    """What the audit trail keeps of it."""
    return {"definition": row.definition}


def _record(
    verb: str, row: MetricDefinition, *, now: datetime, actor: Actor, **fields: Any
) -> None:
    trail.record(at=now, actor=actor, verb=verb, kind="metric", key=row.key, **fields)


def _check(metric: Metric, *, but: MetricDefinition | None = None) -> None:
    """What a metric by itself cannot know. `but` is the row that is looked away from."""
    for field, text, longest in (
        ("name", metric.name, LONGEST_NAME),
        ("description", metric.description, LONGEST_DESCRIPTION),
    ):
        if len(text) > longest:
            raise Invalid(f"Give at most {longest} characters.", field=field)
    if rb"\u0000" in msgspec.json.encode(metric):
        raise Invalid("Leave out the NUL character (U+0000).")
    others = [m for m in metrics().values() if but is None or m.key != but.key]
    if any(other.name.casefold() == metric.name.casefold() for other in others):
        raise Taken(f"A metric named “{metric.name}” exists. Choose another name.", field="name")
