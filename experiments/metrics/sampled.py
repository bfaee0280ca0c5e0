"""Slates of one variant as arrays: as text by text they take a hundred times the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Whole = NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """`items` are the ids that any of them names. `served` holds the places in `items` of what the
    first slate serves, then of what the second does; `sizes` how many each serves.
    """

    items: list[str]
    served: Whole
    sizes: Whole

    @classmethod
    def of(cls, slates: pa.Array) -> Sampled:
        """From lists of ids, none of which is null."""
        coded = slates.flatten().dictionary_encode()
        return cls(
            items=coded.dictionary.to_pylist(),
            served=coded.indices.to_numpy(),
            sizes=slates.value_lengths().to_numpy(),
        )

    @property
    def servings(self) -> Whole:
        """Of each item."""
        return np.bincount(self.served, minlength=len(self.items))
