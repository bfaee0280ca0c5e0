"""What a search may try: the fields of an algorithm that vary, and a grid over them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from recommenders.algorithms import Value
from recommenders.algorithms.fields import Field

LEVELS = 4
"""Values of each number on a grid."""

Settings = Mapping[str, Value]


def grid(fields: Sequence[Field], *, seed: int, levels: int = LEVELS) -> list[dict[str, Value]]:
    """All combinations in an order drawn with the seed, so that the first of them are a fair part.

    Numbers take `levels` values from one end of their search range to the other, evenly or by
    orders of magnitude as the field says; words take all their choices.
    """
    values = [list(_levels(field, levels)) for field in fields]
    names = [field.name for field in fields]
    combined = [dict(zip(names, chosen, strict=True)) for chosen in product(*values)]
    order = np.random.default_rng(seed).permutation(len(combined))
    return [combined[place] for place in order]


def _levels(field: Field, levels: int) -> Iterator[Value]:
    if field.search is None:
        yield from field.choices
        return
    low, high = field.search
    spaced = np.geomspace if field.log and low > 0 else np.linspace
    numbers = [float(number) for number in spaced(low, high, levels)]
    if field.type is int:
        yield from dict.fromkeys(round(number) for number in numbers)
    else:
        yield from numbers
