"""The figures of slates once more, slow and obvious: slate by slate, pair by pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from math import log2
from statistics import fmean

Slates = list[list[str]]
Categories = Mapping[str, frozenset[str]]


def recounted(
    slates: Slates, others: Slates, categories: Categories, popularity: Mapping[str, int]
) -> dict[str, float | None]:
    """Of one arm's slates, where another arm served the others; None where there is no answer."""
    servings = Counter(item for slate in slates for item in slate)
    served = set(servings).union(*others)
    everything = served | set(categories) | set(popularity)
    counts = [servings[item] for item in served | set(categories)]
    means = [fmean(found) for slate in slates if (found := list(_distances(slate, categories)))]
    events = sum(popularity.values()) + len(everything)
    return {
        "different_items": len(servings),
        "coverage": len(set(servings) & set(categories)) / len(categories),
        "gini": sum(abs(a - b) for a in counts for b in counts) / (2 * len(counts) * sum(counts)),
        "diversity": fmean(means) if means else None,
        "novelty": fmean(
            -log2((popularity.get(item, 0) + 1) / events) for slate in slates for item in slate
        )
        if popularity
        else None,
    }


def _distances(slate: list[str], categories: Categories) -> Iterator[float]:
    for one, other in combinations(slate, 2):
        a, b = categories.get(one, frozenset()), categories.get(other, frozenset())
        if a and b:
            yield 1 - len(a & b) / len(a | b)
