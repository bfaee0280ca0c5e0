"""A ramp's own moves, which the clock makes, and those that people make with it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from msgspec.structs import replace

from experiments import lifecycle, ramps, selectors
from experiments.exceptions import Invalid, NotAllowed
from experiments.models import Experiment
from experiments.moves.row import moving, under_way
from experiments.moves.traffic import take, widen
from experiments.ramps import Advance, Decision, Hold, Ramp, RollBack
from people.actors import RAMP, Actor

VERBS: dict[type[Decision], str] = {
    Advance: "advance ramp",
    Hold: "hold ramp",
    RollBack: "roll back ramp",
}


def climb(experiment: Experiment, *, now: datetime) -> Decision | None:
    """Lets the ramp do what its newest look asks for, and says what that was; None where there was
    nothing to do, as where it holds for the reason it held before.
    """
    with transaction.atomic():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        ramp = ramps.ramp_of(row)
        if row.status != Experiment.Status.RUNNING or ramp is None or ramp.since is None:
            return None
        if ramp.state != "climbing":
            return None
        decision = ramps.decide(ramp, selectors.ramp_facts(row, since=ramp.since), now)
        if isinstance(decision, Hold) and decision.why == ramp.why:
            return None
        with moving(row, VERBS[type(decision)], now=now, actor=RAMP, why=decision.why) as locked:
            _act(locked, ramp, decision, now)
    return decision


def set_ramp(
    experiment: Experiment, *, ramp: Ramp, now: datetime, actor: Actor, why: str = ""
) -> Experiment:
    """Begins the ramp at its first step, in the place of any other. No share is below the present
    one, and what it comes to is claimed. Raises NotAllowed, and Invalid, naming the field.
    """
    ramps.check(ramp)
    with moving(experiment, "set ramp", now=now, actor=actor, why=why) as row:
        under_way(row, "ramp")
        if ramp.steps[0].share < row.traffic:
            raise Invalid(
                f"It has {row.traffic:.2%} of the layer's users: begin with that or more.",
                field="ramp/steps/0/share",
            )
        widen(row, ramp.top, field=f"ramp/steps/{len(ramp.steps) - 1}/share")
        take(row, ramp.steps[0].share)
        row.ramp = ramps.begun(ramp, now=now)
    return row


def cancel_ramp(
    experiment: Experiment, *, now: datetime, actor: Actor, why: str = ""
) -> Experiment:
    """The share stays as it is. Raises NotAllowed without a ramp under way."""
    with moving(experiment, "cancel ramp", now=now, actor=actor, why=why) as row:
        _climbing(row, "cancel")
        row.ramp = ramps.dropped(ramps.ramp_of(row), why or f"Cancelled by {actor.name}.")
    return row


def advance_now(
    experiment: Experiment, *, now: datetime, actor: Actor, why: str = ""
) -> Experiment:
    """The next step, whatever the ramp still waits for. Raises NotAllowed without a ramp under
    way.
    """
    with moving(experiment, "advance ramp", now=now, actor=actor, why=why) as row:
        _advance(row, _climbing(row, "advance"), now)
    return row


def _act(row: Experiment, ramp: Ramp, decision: Decision, now: datetime) -> None:
    match decision:
        case Advance():
            _advance(row, ramp, now)
        case Hold(why):
            row.ramp = ramps.kept(replace(ramp, why=why))
        case RollBack(why):
            row.status = lifecycle.after("pause", row.status)
            row.ramp = ramps.kept(replace(ramp, state="rolled_back", why=why))


def _advance(row: Experiment, ramp: Ramp, now: datetime) -> None:
    """To the next step; from the last one the ramp is done."""
    if ramp.at + 1 == len(ramp.steps):
        row.ramp = ramps.kept(replace(ramp, state="done", why=""))
        return
    further = replace(ramp, at=ramp.at + 1, since=now, why="")
    take(row, further.step.share)
    row.ramp = ramps.kept(further)


def _climbing(row: Experiment, what: Literal["cancel", "advance"]) -> Ramp:
    under_way(row, "ramp")
    ramp = ramps.ramp_of(row)
    if ramp is None or ramp.state != "climbing":
        raise NotAllowed(f"{row.key} has no ramp under way to {what}.")
    return ramp
