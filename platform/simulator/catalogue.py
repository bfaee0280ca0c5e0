"""What a world is made of: items, people, and what the people did with the items."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class CatalogueItem:
    """Something on the shelf."""

    key: str
    title: str
    categories: tuple[str, ...]
    year: int | None


@dataclass(frozen=True, kw_only=True)
class PastRating:
    """A person rated an item, in the shape an event has."""

    user: str
    item: str
    value: float
    at: datetime


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """Items, people and ratings.

    `person`, `item`, `rating` and `second` are columns of equal length, one row a rating: positions
    in `people` and `items`, the rating 1..5, and the time in whole seconds since 1970 UTC.
    """

    source: str
    items: tuple[CatalogueItem, ...]
    people: tuple[str, ...]
    person: Ints
    item: Ints
    rating: Floats
    second: Ints

    def matrix(self) -> csr_array[np.float64]:
        """People x items; a rating of 5 counts 1, a rating of 1 counts 0.2, nothing counts 0."""
        shape = (len(self.people), len(self.items))
        return csr_array((self.rating / 5.0, (self.person, self.item)), shape=shape)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where in `items` a key is."""
        return {item.key: place for place, item in enumerate(self.items)}

    @cached_property
    def histories(self) -> tuple[Ints, ...]:
        """Per person the positions of the items rated, oldest first."""
        order = np.lexsort((self.item, self.second, self.person))
        counts = np.bincount(self.person, minlength=len(self.people))
        return tuple(np.split(self.item[order], np.cumsum(counts)[:-1]))

    def ratings(self) -> Iterator[PastRating]:
        """Every rating, oldest first."""
        for row in np.argsort(self.second, kind="stable").tolist():
            yield PastRating(
                user=self.people[int(self.person[row])],
                item=self.items[int(self.item[row])].key,
                value=float(self.rating[row]),
                at=datetime.fromtimestamp(int(self.second[row]), UTC),
            )
