"""What becomes of an experiment that has ended: people decide, and say why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction

from experiments import lifecycle
from experiments.exceptions import Invalid
from experiments.models import Experiment, Variant
from experiments.moves.row import moving
from experiments.moves.stop import stop
from people import trail
from people.actors import Actor

Decision = Literal["ship", "roll_back", "inconclusive"]

LONGEST_RATIONALE = 4000


def ship(
    experiment: Experiment, *, winner: str, rationale: str, now: datetime, actor: Actor
) -> Experiment:
    """The winner's recommender becomes the placement's default, for everybody.

    Raises NotAllowed, and Invalid (winner, rationale).
    """
    with moving(experiment, "ship", now=now, actor=actor, why=rationale) as row:
        row.status = lifecycle.after("ship", row.status)
        variant = _variant(row, winner)
        _decide(row, "ship", rationale, now=now, actor=actor)
        row.winner = variant
        _make_default(row, variant, now=now, actor=actor)
    return row


def stop_and_ship(
    experiment: Experiment, *, winner: str, rationale: str, now: datetime, actor: Actor
) -> Experiment:
    """Ships a variant of an experiment that may still be under way: then it is stopped first, and
    what refuses the one undoes the other. Raises what `ship` does.
    """
    with transaction.atomic():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        if row.status in Experiment.HOLDING:
            stop(row, now=now, actor=actor, why=rationale)
        return ship(row, winner=winner, rationale=rationale, now=now, actor=actor)


def archive(
    experiment: Experiment,
    *,
    now: datetime,
    actor: Actor,
    decision: Decision | None = None,
    rationale: str = "",
) -> Experiment:
    """Puts it away. An experiment that was stopped takes a decision with it, and its rationale; of
    a draft or one that was shipped there is nothing to decide. Raises NotAllowed, and Invalid
    (decision, rationale).
    """
    with moving(experiment, "archive", now=now, actor=actor, why=rationale) as row:
        stopped = row.status == Experiment.Status.STOPPED
        row.status = lifecycle.after("archive", row.status)
        if stopped:
            if decision not in ("roll_back", "inconclusive"):
                raise Invalid(
                    "Say what was decided: roll_back or inconclusive. To ship, ship it.",
                    field="decision",
                )
            _decide(row, decision, rationale, now=now, actor=actor)
        elif decision is not None:
            raise Invalid(
                "Only of a stopped experiment there is something to decide.", field="decision"
            )
    return row


def _decide(
    row: Experiment, decision: Decision, rationale: str, *, now: datetime, actor: Actor
) -> None:
    rationale = rationale.strip()
    if not 1 <= len(rationale) <= LONGEST_RATIONALE:
        raise Invalid(f"Say why, in 1 to {LONGEST_RATIONALE:,} characters.", field="rationale")
    row.decision, row.rationale = decision, rationale
    row.decided_by, row.decided_at = actor.name, now


def _variant(row: Experiment, key: str) -> Variant:
    variants = {variant.key: variant for variant in row.variants.select_related("recommender")}
    phase = row.phases.last()
    if phase is not None and key in phase.killed:
        raise Invalid(
            f"{key} was killed in this experiment: choose one that still took users at its end.",
            field="winner",
        )
    try:
        return variants[key]
    except KeyError:
        raise Invalid(
            f"There is no variant “{key}”. Choose one of {', '.join(variants)}.", field="winner"
        ) from None


def _make_default(row: Experiment, winner: Variant, *, now: datetime, actor: Actor) -> None:
    placement = row.placement
    before = placement.default_recommender.key
    placement.default_recommender = winner.recommender
    placement.save(update_fields=["default_recommender"])
    trail.record(
        at=now,
        actor=actor,
        verb="change",
        kind="placement",
        key=placement.key,
        before={"default_recommender": before},
        after={"default_recommender": winner.recommender.key},
        why=f"{row.key} shipped its variant {winner.key}.",
    )
