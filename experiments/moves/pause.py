"""Pausing: from the next request on nobody meets the experiment; it keeps its users for later."""

from __future__ import annotations

from datetime import datetime

from experiments import lifecycle
from experiments.models import Experiment
from experiments.moves.row import moving
from experiments.ramps import ramp_of, restarted
from people.actors import Actor


def pause(experiment: Experiment, *, now: datetime, actor: Actor, why: str = "") -> Experiment:
    """Everybody gets the placement's default until it is resumed. Raises NotAllowed."""
    with moving(experiment, "pause", now=now, actor=actor, why=why) as row:
        row.status = lifecycle.after("pause", row.status)
    return row


def resume(experiment: Experiment, *, now: datetime, actor: Actor, why: str = "") -> Experiment:
    """The same users meet the same variants as before the pause. A ramp under way begins its step
    anew. Raises NotAllowed.
    """
    with moving(experiment, "resume", now=now, actor=actor, why=why) as row:
        row.status = lifecycle.after("resume", row.status)
        row.ramp = restarted(ramp_of(row), now=now)
    return row
