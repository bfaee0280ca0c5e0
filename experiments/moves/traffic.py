"""How many of the layer's users an experiment takes: a change moves nobody from arm to arm."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from experiments import selectors
from experiments.assignment import BUCKETS, Range, ranges
from experiments.checks import check_traffic
from experiments.exceptions import Invalid
from experiments.models import Experiment, Layer
from experiments.moves.row import moving, under_way
from experiments.ramps import dropped, ramp_of
from people.actors import Actor


def change_traffic(
    experiment: Experiment, *, traffic: Decimal, now: datetime, actor: Actor, why: str = ""
) -> Experiment:
    """Raising adds users, lowering only removes some. A share beyond what it claimed is claimed
    anew, where the layer has it free. A ramp under way is given up: it would undo what people want.
    Raises NotAllowed, and Invalid (traffic).
    """
    check_traffic(traffic)
    with moving(experiment, "change traffic", now=now, actor=actor, why=why) as row:
        under_way(row, "traffic")
        widen(row, traffic, field="traffic")
        take(row, traffic)
        row.ramp = dropped(ramp_of(row), "Traffic was changed by hand.")
    return row


def take(row: Experiment, traffic: Decimal) -> None:
    """The share of the layer's users from now on, of what is claimed already."""
    row.traffic = traffic
    row.slots = ranges.first(row.reserved, traffic)


def foreseen(experiment: Experiment, traffic: Decimal) -> list[Range]:
    """The layer's buckets that the share would take from now on. Changes nothing. Raises Invalid
    (traffic).
    """
    check_traffic(traffic)
    more = _more(experiment, traffic, experiment.layer, field="traffic")
    return ranges.first([*experiment.reserved, *more], traffic)


def widen(row: Experiment, traffic: Decimal, *, field: str) -> None:
    """Claims what the share takes beyond what is claimed already. Raises Invalid (field)."""
    if traffic <= _claimed(row):
        return
    layer = Layer.objects.select_for_update().get(pk=row.layer_id)
    row.reserved = [*row.reserved, *_more(row, traffic, layer, field=field)]


def _more(row: Experiment, traffic: Decimal, layer: Layer, *, field: str) -> list[Range]:
    held = _claimed(row)
    if traffic <= held:
        return []
    more = ranges.claim(traffic - held, selectors.taken_slots(layer))
    if more is None:
        free = selectors.free_share(layer)
        raise Invalid(
            f"Layer {layer} has {free:.2%} of its users free: give at most {held + free:.2%}, or "
            "stop another experiment.",
            field=field,
        )
    return more


def _claimed(row: Experiment) -> Decimal:
    return Decimal(ranges.size(row.reserved)) / BUCKETS
