"""Slates with the probability that each item had of being where it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.ranking import Slates
from recommenders.dataset import Vocabulary


@dataclass(frozen=True, kw_only=True, eq=False)
class Proposal:
    """All of shape (users, k); where `ids` is None there is no item, and its score -inf.

    scores          best first, but for items that were drawn, whose score is 0
    propensities    with what probability an item came to its place, given those above it: the
                    product over a slate is the slate's. 1 where nothing is left to chance
    drawn           whether it was drawn at random
    """

    ids: NDArray[np.object_]
    scores: NDArray[np.float32]
    propensities: NDArray[np.float64]
    drawn: NDArray[np.bool_]

    @classmethod
    def of(cls, slates: Slates, items: Vocabulary) -> "Proposal":
        return cls(
            ids=items.ids(slates.codes),
            scores=slates.scores,
            propensities=slates.propensities,
            drawn=slates.drawn,
        )
