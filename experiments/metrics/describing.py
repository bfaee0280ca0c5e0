"""What describes the slates of each variant: no test, no p, and equally many slates from each.

Coverage and the like grow with the number of slates, so an arm with more traffic would look more
varied. Each arm gives as many slates as the one with fewest has, at most MOST_SLATES, those of the
smallest hash: a sample by chance that is the same at every call.
"""

from dataclasses import dataclass
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from experiments.metrics import variety
from experiments.metrics.engine import hashed
from experiments.metrics.facts import is_post
from experiments.metrics.people import of_experiment
from experiments.metrics.results import Described
from experiments.metrics.shape import ITEMS, Log
from experiments.metrics.spec import ScorecardSpec

MOST_SLATES = 20_000
MORE = 50
"""Slates drawn beyond twice what is wanted, so that chance leaves enough of few, too."""
FINEST = 1_000_000_000
"""Hashes are cut to so many values to tell how many slates lie below one."""

Slate = list[str]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Items that could be served, and the categories of each."""

    categories: dict[str, frozenset[str]]


def describe(
    log: Log, counting: Table, spec: ScorecardSpec, catalogue: Catalogue | None
) -> tuple[Described, ...]:
    """Every figure of every variant. `counting` are the people who count."""
    if ITEMS not in log.columns:
        return ()
    sampled = _sample(log, counting, spec)
    slates = min((len(arm) for arm in sampled), default=0)
    arms = [arm[:slates] for arm in sampled]
    popularity = _popularity(log, spec)
    known = catalogue.categories if catalogue else None
    base = variety.base({item for arm in arms for slate in arm for item in slate}, known)
    figures = [variety.figures(arm, base, known, popularity) for arm in arms]
    return tuple(
        Described(name=name, variant=variant, slates=slates, value=value, reason=reason)
        for variant, of_arm in zip(spec.variants, figures, strict=True)
        for name, (value, reason) in of_arm.items()
    )


def _sample(log: Log, counting: Table, spec: ScorecardSpec) -> list[list[Slate]]:
    """Slates of each variant in the order of their hashes, about as many as are wanted or more."""
    slates = _slates(log, counting, spec)
    counts = dict(_rows(slates.group_by("arm").aggregate(slates=_.count())))
    arms = range(len(spec.variants))
    wanted = min(MOST_SLATES, *(counts.get(arm, 0) for arm in arms))
    if not wanted:
        return [[] for _arm in arms]
    most = [(slates.arm == arm, _near(counts[arm], wanted)) for arm in arms]
    near = slates.filter(slates.order % FINEST < ibis.cases(*most)).to_pyarrow().to_pylist()
    drawn: list[list[tuple[int, Slate]]] = [[] for _arm in arms]
    for row in near:
        drawn[row["arm"]].append((row["order"], row["items"] or []))
    return [[slate for _order, slate in sorted(arm)[:wanted]] for arm in drawn]


def _near(slates: int, wanted: int) -> int:
    """Below which hash about twice as many lie as are wanted."""
    return int(min(1.0, (2 * wanted + MORE) / slates) * FINEST)


def _slates(log: Log, counting: Table, spec: ScorecardSpec) -> Table:
    """Rows: arm, items, order."""
    who = counting.select("user", "arm", "number")
    both = of_experiment(log, spec).join(who, "user")
    name = both.request_id.fill_null(both.user + both.at.cast("string"))
    return both.filter(is_post(both, spec)).select("arm", "items", order=hashed(name))


def _popularity(log: Log, spec: ScorecardSpec) -> dict[str, int]:
    """Events on each item before the experiment began."""
    before = log.events.filter(_.at < ibis.literal(spec.started_at), _.item.notnull())
    return dict(_rows(before.group_by("item").aggregate(events=_.count())))


def _rows(table: Table) -> list[tuple[Any, Any]]:
    return [tuple(row.values()) for row in table.to_pyarrow().to_pylist()]
