"""How many of the layer's users an experiment takes: a change moves nobody from arm to arm."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from experiments import selectors
from experiments.assignment import BUCKETS, ranges
from experiments.checks import check_traffic
from experiments.exceptions import Invalid
from experiments.models import Experiment, Layer
from experiments.moves.row import moving, under_way
from people.actors import Actor


def change_traffic(
    experiment: Experiment, *, traffic: Decimal, now: datetime, actor: Actor, why: str = ""
) -> Experiment:
    """Raising adds users, lowering only removes some. A share beyond what it claimed is claimed
    anew, where the layer has it free. Raises NotAllowed, and Invalid (traffic).
    """
    check_traffic(traffic)
    with moving(experiment, "change traffic", now=now, actor=actor, why=why) as row:
        under_way(row, "traffic")
        _widen(row, traffic)
        row.traffic = traffic
        row.slots = ranges.first(row.reserved, traffic)
    return row


def _widen(row: Experiment, traffic: Decimal) -> None:
    held = Decimal(ranges.size(row.reserved)) / BUCKETS
    if traffic <= held:
        return
    layer = Layer.objects.select_for_update().get(pk=row.layer_id)
    more = ranges.claim(traffic - held, selectors.taken_slots(layer))
    if more is None:
        free = selectors.free_share(layer)
        raise Invalid(
            f"Layer {layer} has {free:.2%} of its users free: give at most {held + free:.2%}, or "
            "stop another experiment.",
            field="traffic",
        )
    row.reserved = [*row.reserved, *more]
