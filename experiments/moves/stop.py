"""Stopping: the phase ends, and the users go back to the layers."""

from __future__ import annotations

from datetime import datetime

from experiments import lifecycle
from experiments.models import Experiment
from experiments.moves.row import moving
from experiments.ramps import dropped, ramp_of
from people.actors import Actor


def stop(experiment: Experiment, *, now: datetime, actor: Actor, why: str = "") -> Experiment:
    """Raises NotAllowed for an experiment that is not under way."""
    with moving(experiment, "stop", now=now, actor=actor, why=why) as row:
        row.status = lifecycle.after("stop", row.status)
        row.reserved = row.slots = []
        row.memberships.update(slots=[])
        row.stopped_at = now
        row.ends_at = None
        row.ramp = dropped(ramp_of(row), "The experiment was stopped.")
        row.phases.filter(ended_at=None).update(ended_at=now)
    return row
