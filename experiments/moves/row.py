"""What every move does around its own: lock the row, keep what changed, write it down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from experiments import lifecycle, telling
from experiments.exceptions import NotAllowed
from experiments.models import Experiment, Phase
from people import trail
from people.actors import Actor

KIND = "experiment"


@contextmanager
def moving(
    experiment: Experiment, verb: str, *, now: datetime, actor: Actor, why: str = ""
) -> Iterator[Experiment]:
    """The experiment's row, locked, to be changed in the block and saved at its end, with an entry
    in the audit trail of what is different then. What the block raises undoes all of it.
    """
    with transaction.atomic():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        before = described(row)
        yield row
        row.version += 1
        row.save()
        trail.record(
            at=now,
            actor=actor,
            verb=verb,
            kind=KIND,
            key=row.key,
            before=before,
            after=described(row),
            why=why,
        )
        telling.of_move(row, verb, before=before["status"], now=now, actor=actor, why=why)


def described(experiment: Experiment) -> dict[str, Any]:
    """What the audit trail keeps of an experiment's state."""
    phase = experiment.phases.last()
    return {
        "status": experiment.status,
        "name": experiment.name,
        "hypothesis": experiment.hypothesis,
        "placement": experiment.placement.key,
        "variants": _variants(experiment),
        "measurement": experiment.measurement,
        "traffic": f"{experiment.traffic:.4f}",
        "slots": experiment.slots,
        "layers": _layers(experiment),
        "condition": experiment.condition,
        "starts_at": _text(experiment.starts_at),
        "ends_at": _text(experiment.ends_at),
        "ramp": experiment.ramp,
        "phase": phase.number if phase else None,
        "ranges": phase.ranges if phase else None,
        "killed": phase.killed if phase else [],
        "decision": experiment.decision,
        "winner": experiment.winner.key if experiment.winner else None,
    }


def _variants(experiment: Experiment) -> list[dict[str, str]]:
    """As they are in the database now, whatever was read of them before."""
    rows = experiment.variants.select_related("recommender")
    return [
        {"key": row.key, "recommender": row.recommender.key, "weight": f"{row.weight:.4f}"}
        for row in rows.all()
    ]


def _layers(experiment: Experiment) -> list[dict[str, Any]]:
    rows = experiment.memberships.select_related("layer")
    return [
        {"layer": row.layer.key, "share": f"{row.share:.4f}", "slots": row.slots}
        for row in rows.all()
    ]


def under_way(experiment: Experiment, what: str) -> Phase:
    """The current phase. Raises NotAllowed for an experiment that is neither running nor paused."""
    if experiment.status not in Experiment.HOLDING:
        state = lifecycle.article(experiment.status)
        raise NotAllowed(
            f"{state} experiment has no {what} to change: only one that is running or paused has."
        )
    return experiment.phases.get(ended_at=None)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
