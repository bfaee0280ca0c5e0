"""Which items are of a category, as the catalogue had it when a model learned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.dataset import Vocabulary

COLUMN = "categories"
SEPARATOR = "|"
_ARRAYS = ("category_names", "category_starts", "category_items")


@dataclass(frozen=True, kw_only=True, eq=False)
class Categories:
    """Category c has the items `items[starts[c]:starts[c + 1]]`, ascending."""

    names: Vocabulary
    starts: NDArray[np.int64]
    items: NDArray[np.int64]

    @classmethod
    def of(cls, catalogue: pd.DataFrame | None) -> Self:
        """catalogue: one row per item; in `categories` a list, or text with `|` between."""
        cells: Iterable[object] = (
            () if catalogue is None or COLUMN not in catalogue else catalogue[COLUMN]
        )
        return cls._of([(name, item) for item, cell in enumerate(cells) for name in _names(cell)])

    @classmethod
    def _of(cls, pairs: Sequence[tuple[str, int]]) -> Self:
        known = Vocabulary.of(name for name, _ in pairs)
        codes = known.codes([name for name, _ in pairs])
        items = np.array([item for _, item in pairs], np.int64)
        order = np.lexsort((items, codes))
        counts = np.bincount(codes, minlength=len(known)) if len(codes) else np.zeros(0, np.int64)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(names=known, starts=starts, items=items[order])

    def codes(self, names: Sequence[str]) -> NDArray[np.int64]:
        """The items of any of the categories; of one that is not known there are none."""
        found = [self.items[self.starts[c] : self.starts[c + 1]] for c in self._known(names)]
        return np.unique(np.concatenate([*found, np.empty(0, np.int64)]).astype(np.int64))

    def followed_by(
        self, new: Self, places: NDArray[np.integer[Any]], said: NDArray[np.bool_]
    ) -> Self:
        """What both say; `new` alone of the items it says anything of.

        places: for each item here, its code there. said: of each item there.
        """
        old = [(name, int(places[item])) for name, item in self._pairs()]
        return self._of([*(one for one in old if not said[one[1]]), *new._pairs()])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of an artefact; none where there are no categories."""
        if not len(self.names):
            return {}
        return dict(zip(_ARRAYS, (self.names.keys, self.starts, self.items), strict=True))

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], n_items: int) -> Self:
        """What `arrays` gave. Raises KeyError or ValueError where it is damaged."""
        if _ARRAYS[0] not in arrays:
            return cls._of([])
        names, starts, items = (arrays[name] for name in _ARRAYS)
        if len(starts) != len(names) + 1 or starts[-1] != len(items):
            raise ValueError("categories are cut")
        if len(items) and int(items.max()) >= n_items:
            raise ValueError("categories and items differ in number")
        return cls(names=Vocabulary(names), starts=starts, items=items)

    def _known(self, names: Sequence[str]) -> list[int]:
        return [int(code) for code in self.names.codes(names) if code >= 0]

    def _pairs(self) -> list[tuple[str, int]]:
        owners = np.repeat(np.arange(len(self.names)), np.diff(self.starts))
        return list(zip(self.names.ids(owners), self.items.tolist(), strict=True))


def _names(cell: object) -> list[str]:
    listed = cell.split(SEPARATOR) if isinstance(cell, str) else cell
    if not isinstance(listed, list | tuple | np.ndarray):
        return []
    return list(dict.fromkeys(one for one in listed if isinstance(one, str) and one))
