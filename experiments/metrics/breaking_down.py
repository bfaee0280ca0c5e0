"""CTR by position and by category: where in its slates and on what each variant was clicked.

Both are of the newest phase alone: over several the ratio between arms would show. Positions are
counted over every slate. Items are counted one by one, so of very many slates only those of the
smallest hashes are: a sample by chance that is the same at every call, and the clicks on them.
"""

from collections import defaultdict
from typing import Any

from ibis import _
from ibis.expr.types import BooleanValue, Table, Value

from experiments.metrics.catalogue import Catalogue
from experiments.metrics.engine import hashed
from experiments.metrics.facts import is_post
from experiments.metrics.people import of_experiment
from experiments.metrics.results import Breakdown, CategoryRate, PositionRate
from experiments.metrics.shape import ITEM, ITEMS, Log
from experiments.metrics.spec import ScorecardSpec

MOST_POSITIONS = 50
MOST_CATEGORIES = 12
MOST_SLATES = 500_000
FINEST = 1_000_000_000

Counts = tuple[int, int]
"""Impressions and clicks."""


def break_down(
    log: Log, counting: Table, links: Table | None, spec: ScorecardSpec, catalogue: Catalogue | None
) -> Breakdown | None:
    """`counting` are the people who count and `links` what `linked_facts` says of their clicks;
    None where the log does not say which item of which slate was clicked.
    """
    if links is None or not {ITEMS, ITEM} <= log.columns:
        return None
    ours = counting.filter(counting.phase == len(spec.phases) - 1)
    slates = _slates(log, ours, spec)
    clicks = links.filter(links.attributed, links.post, links.type == "click").join(
        ours.select("uid", "arm"), "uid"
    )
    sizes = _counted(slates, "arm", "size")
    share = min(1.0, MOST_SLATES / max(sum(sizes.values()), 1))
    return Breakdown(
        phase=spec.phase.number,
        positions=_positions(sizes, _counted(clicks, "arm", "position"), spec),
        categories=_categories(_by_item(slates, clicks, share), spec, catalogue),
        slates_share=share,
    )


def _slates(log: Log, ours: Table, spec: ScorecardSpec) -> Table:
    """Rows: arm, size, items, name; of the people's phase."""
    both = of_experiment(log, spec).join(ours.select("user", "arm", "number"), "user")
    name = both.request_id.fill_null(both.user + both.at.cast("string"))
    return both.filter(is_post(both, spec)).select("arm", "size", "items", name=name)


def _counted(table: Table, *by: str) -> dict[tuple[Any, ...], int]:
    found = table.group_by(*by).aggregate(rows=_.count()).to_pyarrow().to_pylist()
    return {tuple(row[name] for name in by): row["rows"] for row in found}


def _positions(
    sizes: dict[tuple[Any, ...], int], clicks: dict[tuple[Any, ...], int], spec: ScorecardSpec
) -> tuple[PositionRate, ...]:
    """A slate of n items serves one at each of the first n positions."""
    longest = min(max((size for _arm, size in sizes), default=0), MOST_POSITIONS)
    return tuple(
        PositionRate(
            variant=variant,
            position=position,
            impressions=sum(n for (a, size), n in sizes.items() if a == arm and size >= position),
            clicks=clicks.get((arm, position), 0),
        )
        for arm, variant in enumerate(spec.variants)
        for position in range(1, longest + 1)
    )


def _by_item(slates: Table, clicks: Table, share: float) -> dict[tuple[int, str], Counts]:
    served = _counted(
        slates.filter(_drawn(slates.name, share)).select("arm", item=_.items.unnest()),
        "arm",
        "item",
    )
    clicked = _counted(clicks.filter(_drawn(clicks.request_id, share)), "arm", "item")
    return {key: (n, clicked.get(key, 0)) for key, n in served.items()}


def _drawn(name: Value, share: float) -> BooleanValue:
    chosen: BooleanValue = hashed(name) % FINEST < round(share * FINEST)
    return chosen


def _categories(
    found: dict[tuple[int, str], Counts], spec: ScorecardSpec, catalogue: Catalogue | None
) -> tuple[CategoryRate, ...]:
    if catalogue is None:
        return ()
    known = catalogue.look({item for _arm, item in found})
    sums: dict[tuple[int, str], Counts] = defaultdict(lambda: (0, 0))
    for (arm, item), (served, clicked) in found.items():
        for category in known.get(item, ()):
            before = sums[arm, category]
            sums[arm, category] = (before[0] + served, before[1] + clicked)
    return _shown(sums, spec)


def _shown(sums: dict[tuple[int, str], Counts], spec: ScorecardSpec) -> tuple[CategoryRate, ...]:
    """Those most served over all arms, and the rest as one."""
    whole: dict[str, int] = defaultdict(int)
    for (_arm, category), (served, _clicked) in sums.items():
        whole[category] += served
    order = sorted(whole, key=lambda category: (-whole[category], category))
    rest: tuple[str | None, ...] = (None,) if len(order) > MOST_CATEGORIES else ()
    cells: dict[tuple[int, str | None], Counts] = defaultdict(lambda: (0, 0))
    for (arm, category), (served, clicked) in sums.items():
        place = arm, category if category in order[:MOST_CATEGORIES] else None
        cells[place] = (cells[place][0] + served, cells[place][1] + clicked)
    return tuple(
        CategoryRate(variant=variant, category=category, impressions=served, clicks=clicked)
        for category in (*order[:MOST_CATEGORIES], *rest)
        for arm, variant in enumerate(spec.variants)
        for served, clicked in [cells[arm, category]]
    )
