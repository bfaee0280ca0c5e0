"""Items that could be served: how many, and the categories of those that a log names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

Categories = Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """`size` items. `look` gives the categories of those of the asked that it holds: a log may name
    a small part of a large catalogue, and only that part is read.
    """

    size: int
    look: Callable[[AbstractSet[str]], Categories]

    @classmethod
    def of(cls, categories: Categories) -> Catalogue:
        """One that is in memory."""

        def look(asked: AbstractSet[str]) -> Categories:
            return {item: categories[item] for item in asked if item in categories}

        return cls(size=len(categories), look=look)
