"""Predicting ratings from those of neighbours."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.algorithms.kept import Kept
from recommenders.dataset.columns import id_column
from recommenders.exceptions import NoRatingsError


@dataclass(frozen=True, kw_only=True, eq=False)
class Rated:
    """All ratings, by user and item code; the range that predictions are kept in."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, kept: Kept, algorithm: str) -> "Rated":
        """Raises NoRatingsError where training saw none."""
        if kept.ratings is None:
            raise NoRatingsError(f"this '{algorithm}' was trained on no ratings")
        rated = np.flatnonzero(~np.isnan(kept.ratings))
        owners = np.repeat(np.arange(len(kept.users)), kept.histories.lengths)
        return cls(
            users=owners[rated],
            items=kept.histories.items[rated].astype(np.int64),
            values=kept.ratings[rated].astype(np.float64),
        )

    def means(self, codes: NDArray[np.int64], n: int) -> NDArray[np.float64]:
        """Mean rating of each of `n` users (or items), whose codes are given; NaN without any."""
        counts = np.bincount(codes, minlength=n)
        sums = np.bincount(codes, self.values, minlength=n)
        means = np.divide(sums, counts, out=np.full(n, np.nan), where=counts > 0)
        return np.asarray(means, np.float64)

    def clip(self, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Inside the range of the ratings seen; NaN stays."""
        return np.clip(predicted, self.values.min(), self.values.max())


def by_user(frame: pd.DataFrame, kept: Kept) -> Iterator[tuple[int, NDArray[Any], NDArray[Any]]]:
    """(user, places of the rows, item codes) of the known users and items of a frame."""
    users = kept.users.codes(list(id_column(frame, "user")))
    items = kept.items.codes(list(id_column(frame, "item")))
    known = np.flatnonzero((users >= 0) & (items >= 0))
    known = known[np.argsort(users[known], kind="stable")]
    starts = np.flatnonzero(np.diff(users[known], prepend=-1))
    for places in np.split(known, starts[1:]):
        if len(places):
            yield int(users[places[0]]), places, items[places]


def around(
    mean: NDArray[np.float64], deviations: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """mean + weighted mean of the neighbours' deviations, from both sums; NaN without weight."""
    moved = np.divide(deviations, weights, out=np.full(len(weights), np.nan), where=weights > 0)
    return np.asarray(mean + moved, np.float64)
