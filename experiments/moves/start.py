"""Starting a draft: it claims users of its layers, and the first phase opens."""

from __future__ import annotations

from datetime import datetime

from experiments import checklist, lifecycle, selectors
from experiments.assignment import ranges
from experiments.exceptions import NotAllowed
from experiments.models import Experiment, Layer, Phase
from experiments.moves.row import moving
from experiments.ramps import begun, ramp_of
from people.actors import Actor


def start(experiment: Experiment, *, now: datetime, actor: Actor, why: str = "") -> Experiment:
    """Raises NotAllowed with all that is missing."""
    with moving(experiment, "start", now=now, actor=actor, why=why) as row:
        row.status = lifecycle.after("start", row.status)
        _wait_for_layers(row)
        if lacking := checklist.missing(row, now=now):
            raise NotAllowed(" ".join(lacking))
        _claim(row, now)
        row.started_at = now
        row.starts_at = None
        weights = {variant.key: variant.weight for variant in row.variants.all()}
        Phase.objects.create(
            experiment=row,
            number=1,
            seed=row.seed,
            ranges=ranges.split(weights),
            started_at=now,
            why="The experiment started.",
        )
    return row


def _wait_for_layers(row: Experiment) -> None:
    """Until nobody else claims users of the same layers: what is free then stays so."""
    layers = [row.layer_id, *row.memberships.values_list("layer_id", flat=True)]
    list(Layer.objects.select_for_update().filter(pk__in=layers).order_by("pk"))


def _claim(row: Experiment, now: datetime) -> None:
    """Claims what the ramp will come to, and takes of it what its first step says."""
    ramp = ramp_of(row)
    wanted = row.traffic
    if ramp is not None:
        row.ramp, row.traffic = begun(ramp, now=now), ramp.steps[0].share
        wanted = max(step.share for step in ramp.steps)
    row.reserved = ranges.claim(wanted, selectors.taken_slots(row.layer)) or []
    row.slots = ranges.first(row.reserved, row.traffic)
    for membership in row.memberships.select_related("layer"):
        taken = selectors.taken_slots(membership.layer)
        membership.slots = ranges.claim(membership.share, taken) or []
        membership.save(update_fields=["slots"])
