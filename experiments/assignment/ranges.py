"""Dividing 10,000 buckets: among the arms of an experiment, and among the experiments
of a layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from experiments.assignment.hashing import BUCKETS
from experiments.assignment.plan import Range


def split(weights: Mapping[str, Decimal], *, among: int = BUCKETS) -> dict[str, list[Range]]:
    """One range per key, in order, in proportion to weights that sum to 1; together they cover
    `among` buckets.
    """
    edges = [0]
    total = Decimal(0)
    for weight in weights.values():
        total += weight
        edges.append(round(total * among))
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


def first(held: Iterable[Range], share: Decimal) -> list[Range]:
    """The part of `held`, from its beginning, that makes up `share` of all buckets; all of it where
    it is less. A larger share holds all that a smaller one does.
    """
    wanted = round(share * BUCKETS)
    part: list[Range] = []
    for low, high in held:
        if wanted <= 0:
            break
        end = min(high, low + wanted)
        part.append((low, end))
        wanted -= end - low
    return part


def reweigh(
    current: Mapping[str, Iterable[Range]],
    weights: Mapping[str, Decimal],
    *,
    killed: Iterable[str] = (),
) -> dict[str, list[Range]]:
    """The ranges by other weights, which sum to 1 over the arms that are not killed, with as few
    buckets as can be changing their arm. Killed arms keep theirs, and all others share the rest.

    An arm that shrinks gives from its end, one that grows takes what was given, in order.
    """
    kept = {key: list(current.get(key, ())) for key in killed}
    left = BUCKETS - sum(size(held) for held in kept.values())
    wanted = {key: size(share) for key, share in split(weights, among=left).items()}
    after = {key: _cut(current.get(key, ()), size_) for key, size_ in wanted.items()}
    given = free(pair for held in (*kept.values(), *after.values()) for pair in held)
    for key, held in after.items():
        missing = wanted[key] - size(held)
        taken = _cut(given, missing)
        given = free([*free(given), *taken])
        after[key] = _joined([*held, *taken])
    return after | kept


def moved(before: Mapping[str, Iterable[Range]], after: Mapping[str, Iterable[Range]]) -> int:
    """How many buckets had an arm and have another one now."""
    stayed = sum(
        max(0, min(high, end) - max(low, start))
        for key, held in before.items()
        for low, high in held
        for start, end in after.get(key, ())
    )
    return sum(size(held) for held in before.values()) - stayed


def _cut(held: Iterable[Range], buckets: int) -> list[Range]:
    """The first so many of the buckets."""
    return first(held, Decimal(buckets) / BUCKETS)


def _joined(held: Iterable[Range]) -> list[Range]:
    """The ranges in order, neighbours as one."""
    joined: list[Range] = []
    for low, high in sorted(held):
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined
