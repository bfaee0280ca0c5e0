"""Intra-list diversity: how unlike the items of a slate are, by their categories.

A pair's distance is 1 - |A and B| / |A or B| (Ziegler et al. 2005, with Jaccard's similarity). The
pairs of all slates may be many millions, so they are looked at in batches: memory does not grow
with the log. Categories are rows of a sparse matrix, since there may be as many as there are items.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from experiments.metrics.catalogue import Categories
from experiments.metrics.sampled import Sampled, Whole

PAIRS = 20_000
"""Of one batch, about: the pairs of one item with what follows it stay together."""


def mean_distance(slates: Sampled, catalogue: Categories) -> float | None:
    """Averaged over the pairs of a slate in which both have categories, and then over the slates
    that have such a pair; None where none has.
    """
    marks = _marks(slates.items, catalogue)
    n = np.diff(marks.indptr)
    sums = np.zeros(len(slates.sizes))
    counts = np.zeros(len(slates.sizes))
    for slate, one, other in _pairs(slates):
        both = (n[one] > 0) & (n[other] > 0)
        slate, one, other = slate[both], one[both], other[both]
        shared = marks[one].multiply(marks[other]).sum(axis=1)
        distance = 1 - shared / (n[one] + n[other] - shared)
        sums += np.bincount(slate, weights=distance, minlength=len(sums))
        counts += np.bincount(slate, minlength=len(counts))
    counted = counts > 0
    return float((sums[counted] / counts[counted]).mean()) if counted.any() else None


def _marks(items: list[str], catalogue: Categories) -> Any:
    """A row per item and a column per category: 1 where it is of it."""
    of_item = [catalogue.get(item, frozenset()) for item in items]
    columns = {name: place for place, name in enumerate(frozenset[str]().union(*of_item))}
    places = [columns[name] for names in of_item for name in sorted(names)]
    ends = np.cumsum([0, *map(len, of_item)])
    ones = np.ones(len(places), dtype=np.int64)
    return sparse.csr_array((ones, places, ends), shape=(len(items), len(columns)))


def _pairs(slates: Sampled) -> Iterator[tuple[Whole, Whole, Whole]]:
    """Batches of the slate of each pair, its one item and its other."""
    slate = np.repeat(np.arange(len(slates.sizes)), slates.sizes)
    following = np.repeat(np.cumsum(slates.sizes), slates.sizes) - np.arange(len(slate)) - 1
    for batch in _batches(following):
        left = np.repeat(batch, following[batch])
        step = np.arange(len(left)) - np.repeat(_before(following[batch]), following[batch])
        yield slate[left], slates.served[left], slates.served[left + step + 1]


def _batches(following: Whole) -> Iterator[NDArray[np.intp]]:
    """Servings in order, cut where their pairs come to PAIRS."""
    number = _before(following) // PAIRS
    yield from np.split(np.arange(len(number)), np.flatnonzero(np.diff(number)) + 1)


def _before(counts: Whole) -> Whole:
    """How many the earlier ones come to."""
    before: Whole = np.cumsum(counts) - counts
    return before
