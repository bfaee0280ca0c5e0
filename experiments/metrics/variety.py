"""How varied slates are: pure figures over lists of items.

- `different_items`: how many different items were served.
- `coverage`: their share of the catalogue (Ge, Delgado-Battenfeld and Jannach 2010).
- `gini`: how unevenly servings fall on items, 0 (all alike) to 1 (all on one), over the catalogue,
  or without one over the items that any variant served.
- `diversity`: 1 - |A and B| / |A or B| of two items' categories, averaged over the pairs of a slate
  and then over slates (intra-list diversity, Ziegler et al. 2005, with Jaccard's similarity).
- `novelty`: -log2 of an item's share of the events before the experiment, one added to each item's,
  averaged over servings (self-information, Zhou et al. 2010).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from experiments.metrics.catalogue import Catalogue, Categories

Figure = tuple[float | None, str | None]
"""A value, or a reason why there is none."""

NO_SLATES = "no_slates"
NO_CATALOGUE = "no_catalogue"
NO_PRE_PERIOD = "no_pre_period"
NO_PAIRS = "no_pairs_with_categories"


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What servings are spread over, the same for all variants: `items` are those of the catalogue
    and all that were served, `everything` also those of events from before. `known` are the
    categories of those of the catalogue that were seen, None without a catalogue of `size` items.
    """

    items: int
    everything: int
    size: int
    known: Categories | None


def stock(served: set[str], popularity: Mapping[str, int], catalogue: Catalogue | None) -> Stock:
    """Of items that any variant served."""
    seen = served | popularity.keys()
    if catalogue is None or not catalogue.size:
        return Stock(items=len(served), everything=len(seen), size=0, known=None)
    known = catalogue.look(seen)
    return Stock(
        items=catalogue.size + len(served - known.keys()),
        everything=catalogue.size + len(seen - known.keys()),
        size=catalogue.size,
        known=known,
    )


def figures(
    slates: list[list[str]], stock: Stock, popularity: Mapping[str, int]
) -> dict[str, Figure]:
    """Every figure of one variant's slates."""
    servings = Counter(item for slate in slates for item in slate)
    if not servings:
        names = ("different_items", "coverage", "gini", "diversity", "novelty")
        return dict.fromkeys(names, (None, NO_SLATES))
    return {
        "different_items": (float(len(servings)), None),
        "coverage": _coverage(servings, stock),
        "gini": (gini(servings.values(), never=stock.items - len(servings)), None),
        "diversity": _diversity(slates, stock.known),
        "novelty": _novelty(servings, stock, popularity),
    }


def gini(counts: Iterable[int], *, never: int = 0) -> float:
    """Gini's coefficient of counts, of which at least one is above zero, and of `never` zeros."""
    ordered = np.sort(np.asarray(list(counts), dtype=np.float64))
    n = never + len(ordered)
    ranks = np.arange(never + 1, n + 1)
    total = ordered.sum()
    return float(2 * (ranks * ordered).sum() / (n * total) - (n + 1) / n)


def _coverage(servings: Counter[str], stock: Stock) -> Figure:
    if stock.known is None:
        return None, NO_CATALOGUE
    return len(servings.keys() & stock.known.keys()) / stock.size, None


def _diversity(slates: list[list[str]], catalogue: Categories | None) -> Figure:
    """Pairs in which an item has no category do not count."""
    if catalogue is None:
        return None, NO_CATALOGUE
    known: dict[tuple[str, str], float | None] = {}
    means = []
    for slate in slates:
        pairs = [_distance(known, catalogue, *sorted(pair)) for pair in combinations(slate, 2)]
        counted = [distance for distance in pairs if distance is not None]
        if counted:
            means.append(sum(counted) / len(counted))
    return (sum(means) / len(means), None) if means else (None, NO_PAIRS)


def _distance(
    known: dict[tuple[str, str], float | None], catalogue: Categories, one: str, other: str
) -> float | None:
    pair = (one, other)
    if pair not in known:
        a, b = (catalogue.get(item, frozenset()) for item in pair)
        known[pair] = 1 - len(a & b) / len(a | b) if a and b else None
    return known[pair]


def _novelty(servings: Counter[str], stock: Stock, popularity: Mapping[str, int]) -> Figure:
    if not popularity:
        return None, NO_PRE_PERIOD
    total = sum(popularity.values()) + stock.everything
    bits = sum(
        count * -np.log2((popularity.get(item, 0) + 1) / total)
        for item, count in sorted(servings.items())
    )
    return float(bits / servings.total()), None
