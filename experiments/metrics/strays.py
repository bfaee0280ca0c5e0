"""Clicks that look astray because the slate that they name is not one of the experiment's.

A user is served on other placements and by other experiments, too, and what is clicked there is no
sign of a fault.
"""

import ibis
from ibis import _
from ibis.expr.types import Table

from experiments.metrics.people import is_of_experiment
from experiments.metrics.shape import EXPERIMENT, PHASE, Log
from experiments.metrics.spec import ScorecardSpec

PAIR = ("uid", "type", "request_id", "item")


def other_slates(log: Log, spec: ScorecardSpec) -> Table | None:
    """Exposures up to as_of that were not looked at for attribution; None where there are none,
    which is asked first: a log of one experiment costs nothing more.
    """
    if spec.lookback or not log.columns & {EXPERIMENT, PHASE}:
        return None
    exposures = log.exposures
    others = exposures.filter(
        exposures.at <= ibis.literal(spec.as_of),
        ~is_of_experiment(exposures, spec).fill_null(False),
    )
    return others if others.limit(1).count().to_pyarrow().as_py() else None


def without_held(placed: Table, others: Table, *, listing: bool) -> Table:
    """The rows without strays that name an item of those slates; without `listing`, a slate holds
    every item. Of a repeated request id the first slate counts.
    """
    lost = placed.filter(placed.stray).select("user", *PAIR)
    slates = others.select("user", "request_id", "items", "variant", "size", served=_.at)
    met = lost.join(slates, ["user", "request_id"])
    order = [met.served, met.variant, met["size"]]
    one = ibis.window(group_by=PAIR, order_by=order)
    first = met.mutate(rank=ibis.row_number().over(one)).filter(_.rank == 0)
    held = first.filter(first.items.contains(first.item)) if listing else first
    return placed.anti_join(held, list(PAIR))
