"""How varied slates are: pure figures over slates.

- `different_items`: how many different items were served.
- `coverage`: their share of the catalogue (Ge, Delgado-Battenfeld and Jannach 2010).
- `gini`: how unevenly servings fall on items, 0 (all alike) to 1 (all on one), over the catalogue,
  or without one over the items that any variant served.
- `diversity`: how unlike the items of a slate are, by their categories (`intra_list`).
- `novelty`: -log2 of an item's share of the events before the experiment, one added to each item's,
  averaged over servings (self-information, Zhou et al. 2010).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.metrics.catalogue import Catalogue, Categories
from experiments.metrics.intra_list import mean_distance
from experiments.metrics.sampled import Sampled

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


def figures(slates: Sampled, stock: Stock, popularity: Mapping[str, int]) -> dict[str, Figure]:
    """Every figure of one variant's slates."""
    if not slates.items:
        names = ("different_items", "coverage", "gini", "diversity", "novelty")
        return dict.fromkeys(names, (None, NO_SLATES))
    return {
        "different_items": (float(len(slates.items)), None),
        "coverage": _coverage(slates, stock),
        "gini": (gini(slates.servings, never=stock.items - len(slates.items)), None),
        "diversity": _diversity(slates, stock),
        "novelty": _novelty(slates, stock, popularity),
    }


def gini(counts: ArrayLike, *, never: int = 0) -> float:
    """Gini's coefficient of counts, of which at least one is above zero, and of `never` zeros."""
    ordered = np.sort(np.asarray(counts, dtype=np.float64))
    n = never + len(ordered)
    ranks = np.arange(never + 1, n + 1)
    total = ordered.sum()
    return float(2 * (ranks * ordered).sum() / (n * total) - (n + 1) / n)


def _coverage(slates: Sampled, stock: Stock) -> Figure:
    if stock.known is None:
        return None, NO_CATALOGUE
    return len(stock.known.keys() & set(slates.items)) / stock.size, None


def _diversity(slates: Sampled, stock: Stock) -> Figure:
    if stock.known is None:
        return None, NO_CATALOGUE
    distance = mean_distance(slates, stock.known)
    return (distance, None) if distance is not None else (None, NO_PAIRS)


def _novelty(slates: Sampled, stock: Stock, popularity: Mapping[str, int]) -> Figure:
    if not popularity:
        return None, NO_PRE_PERIOD
    total = sum(popularity.values()) + stock.everything
    events = np.array([popularity.get(item, 0) for item in slates.items])
    bits = -np.log2((events + 1) / total)
    return float(np.average(bits, weights=slates.servings)), None
