"""What ranges from outside have to be: within the buckets, and nobody's twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.assignment.conditions.where import Where
from experiments.assignment.hashing import BUCKETS
from experiments.assignment.plan import Range


def checked(owned: object, *, field: str = "ranges") -> dict[str, list[Range]]:
    """The ranges of each owner. Raises Invalid with the path of the first that is no range or that
    shares a bucket with an earlier one, such as `ranges/treatment/0`.
    """
    where = Where(field=field)
    if not isinstance(owned, Mapping):
        raise where.refused("Give an object with a list of ranges for each key.")
    found: dict[str, list[Range]] = {}
    for key, ranges in owned.items():
        if not isinstance(ranges, list):
            raise where.step(key).refused("Give a list of ranges [low, high].")
        found[key] = []
        for place, pair in enumerate(ranges):
            here = where.step(key).step(place)
            found[key].append(_free(_range(pair, here), found, here))
    return found


def _range(pair: Any, where: Where) -> Range:
    match pair:
        case [int(low), int(high)] if 0 <= low < high <= BUCKETS and bool not in map(type, pair):
            return low, high
    raise where.refused(
        f"Give [low, high] with 0 <= low < high <= {BUCKETS}; high is not in the range."
    )


def _free(one: Range, taken: Mapping[str, list[Range]], where: Where) -> Range:
    low, high = one
    for owner, ranges in taken.items():
        for start, end in ranges:
            if start < high and low < end:
                raise where.refused(
                    f"[{low}, {high}] shares buckets with [{start}, {end}] of {owner}."
                )
    return one
