"""What describes the slates of each variant: no test, no p, and equally many slates from each.

Coverage and the like grow with the number of slates, so an arm with more traffic would look more
varied. Each arm gives as many slates as the one with fewest has, at most MOST_SLATES, those of the
smallest hash: a sample by chance that is the same at every call. Arms come and go: described are
those that take users now, by the phases in which all of them did. An arm that is gone would leave
the others with as few slates as it got.
"""

from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _
from ibis.expr.types import Table

from experiments.metrics import variety
from experiments.metrics.catalogue import Catalogue
from experiments.metrics.engine import hashed
from experiments.metrics.facts import is_post
from experiments.metrics.people import of_experiment
from experiments.metrics.presence import gone_since, taking
from experiments.metrics.results import Described
from experiments.metrics.sampled import Sampled
from experiments.metrics.shape import ITEMS, Log
from experiments.metrics.spec import ScorecardSpec

MOST_SLATES = 20_000
GONE = "taken_out"
MORE = 50
"""Slates drawn beyond twice what is wanted, so that chance leaves enough of few, too."""
FINEST = 1_000_000_000
"""Hashes are cut to so many values to tell how many slates lie below one."""


def describe(
    log: Log, counting: Table, spec: ScorecardSpec, catalogue: Catalogue | None
) -> tuple[Described, ...]:
    """Every figure of every variant. `counting` are the people who count."""
    if ITEMS not in log.columns:
        return ()
    sampled = _sample(log, counting, spec)
    slates = min(len(arm) for arm in sampled.values())
    arms = [Sampled.of(arm[:slates]) for arm in sampled.values()]
    popularity = _popularity(log, spec)
    served = {item for arm in arms for item in arm.items}
    stock = variety.stock(served, popularity, catalogue)
    found = [variety.figures(arm, stock, popularity) for arm in arms]
    of_arm = dict(zip(sampled, found, strict=True))
    gone = dict.fromkeys(found[0], (None, GONE))
    return tuple(
        Described(
            name=name,
            variant=variant,
            slates=slates if place in of_arm else 0,
            value=value,
            reason=reason,
        )
        for place, variant in enumerate(spec.variants)
        for name, (value, reason) in of_arm.get(place, gone).items()
    )


def _sample(log: Log, counting: Table, spec: ScorecardSpec) -> dict[int, pa.Array]:
    """Slates of each arm that takes users now, by its place, in the order of their hashes: as many
    as are wanted, or by chance a few less.
    """
    slates = _slates(log, counting, spec)
    counts = dict(_rows(slates.group_by("arm").aggregate(slates=_.count())))
    arms = _present(spec)
    wanted = min(MOST_SLATES, *(counts.get(arm, 0) for arm in arms))
    if not wanted:
        return {arm: pa.array([], pa.list_(pa.string())) for arm in arms}
    most = [(slates.arm == arm, _near(counts[arm], wanted)) for arm in arms]
    near = slates.filter(slates.order % FINEST < ibis.cases(*most))
    drawn = near.order_by("order", "items").to_pyarrow()
    lists = {arm: drawn.filter(pc.equal(drawn["arm"], arm))["items"] for arm in arms}
    return {arm: found.combine_chunks()[:wanted] for arm, found in lists.items()}


def _present(spec: ScorecardSpec) -> list[int]:
    return [arm for arm in range(len(spec.variants)) if gone_since(spec, arm) is None]


def _near(slates: int, wanted: int) -> int:
    """Below which hash about twice as many lie as are wanted."""
    return int(min(1.0, (2 * wanted + MORE) / slates) * FINEST)


def _slates(log: Log, counting: Table, spec: ScorecardSpec) -> Table:
    """Rows: arm, items, order; of arms that take users now, in the phases that they share."""
    present = _present(spec)
    shared = [int(p) for p in np.flatnonzero(taking(spec)[:, present].all(axis=1))]
    mine = counting.filter(counting.arm.isin(present), counting.phase.isin(shared))
    who = mine.select("user", "arm", "number")
    both = of_experiment(log, spec).join(who, "user")
    name = both.request_id.fill_null(both.user + both.at.cast("string"))
    items = both.items.filter(lambda item: item.notnull()).fill_null([])
    return both.filter(is_post(both, spec)).select("arm", items=items, order=hashed(name))


def _popularity(log: Log, spec: ScorecardSpec) -> dict[str, int]:
    """Events on each item before the experiment began."""
    before = log.events.filter(_.at < ibis.literal(spec.started_at), _.item.notnull())
    return dict(_rows(before.group_by("item").aggregate(events=_.count())))


def _rows(table: Table) -> list[tuple[Any, Any]]:
    return [tuple(row.values()) for row in table.to_pyarrow().to_pylist()]
