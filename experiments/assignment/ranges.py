"""Dividing 10,000 buckets: among the arms of an experiment, and among the experiments
of a layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from experiments.assignment.hashing import BUCKETS
from experiments.assignment.plan import Range


def split(weights: Mapping[str, Decimal]) -> dict[str, list[Range]]:
    """One range per key, in order, in proportion to weights that sum to 1; together
    they cover all.
    """
    edges = [0]
    total = Decimal(0)
    for weight in weights.values():
        total += weight
        edges.append(round(total * BUCKETS))
    return {
        key: [(low, high)] for key, low, high in zip(weights, edges[:-1], edges[1:], strict=True)
    }


def free(taken: Iterable[Range]) -> list[Range]:
    """The ranges that no range of `taken` covers, in order."""
    gaps: list[Range] = []
    at = 0
    for low, high in sorted(taken):
        if low > at:
            gaps.append((at, low))
        at = max(at, high)
    if at < BUCKETS:
        gaps.append((at, BUCKETS))
    return gaps


def size(ranges: Iterable[Range]) -> int:
    """How many buckets the ranges hold together."""
    return sum(high - low for low, high in ranges)


def claim(share: Decimal, taken: Iterable[Range]) -> list[Range] | None:
    """The first free ranges that make up `share` of all buckets, or None where too few are free."""
    wanted = round(share * BUCKETS)
    claimed: list[Range] = []
    for low, high in free(taken):
        if wanted <= 0:
            break
        end = min(high, low + wanted)
        claimed.append((low, end))
        wanted -= end - low
    return claimed if wanted <= 0 else None
