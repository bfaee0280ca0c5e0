"""What every model remembers of its training: the ids, and what each user met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms.categories import Categories
from recommenders.algorithms.fading import newest
from recommenders.dataset import Dataset, Histories, Vocabulary

_RATINGS = "history_ratings"
_TIMES = "history_times"


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """ratings: beside each item of the histories, NaN where it was not rated; None where there are
    none, or none are read. times: when each item of the histories was last met, in microseconds,
    likewise. categories: as the catalogue has them.
    """

    items: Vocabulary
    users: Vocabulary
    histories: Histories
    ratings: NDArray[np.float32] | None = None
    times: NDArray[np.int64] | None = None
    categories: Categories

    @classmethod
    def of(cls, data: Dataset, *, ratings: bool, times: bool, before: "Kept | None" = None) -> Self:
        """before: what is kept so far, where `data` begins with the behaviour of it."""
        categories = Categories.of(data.catalogue)
        if before is not None:
            places, said = before.items.places_in(data.items), _described(data)
            categories = before.categories.followed_by(categories, places, said)
        return cls(
            items=data.items,
            users=data.users,
            histories=data.histories,
            ratings=data.history_ratings if ratings else None,
            times=newest(data) if times else None,
            categories=categories,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of an artefact."""
        arrays: dict[str, NDArray[Any]] = {
            "items": self.items.keys,
            "users": self.users.keys,
            "history_starts": self.histories.starts,
            "history_items": self.histories.items,
            **self.categories.arrays(),
        }
        beside = {_RATINGS: self.ratings, _TIMES: self.times}
        return arrays | {name: one for name, one in beside.items() if one is not None}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What `arrays` gave. Raises KeyError or ValueError where it is damaged."""
        kept = cls(
            items=Vocabulary(arrays["items"]),
            users=Vocabulary(arrays["users"]),
            histories=Histories(arrays["history_starts"], arrays["history_items"]),
            ratings=arrays.get(_RATINGS),
            times=arrays.get(_TIMES),
            categories=Categories.restore(arrays, len(arrays["items"])),
        )
        check(len(kept.histories) == len(kept.users), "histories and users differ in number")
        met = len(kept.histories.items)
        check(kept.histories.starts[-1] == met, "histories are cut")
        check(kept.ratings is None or len(kept.ratings) == met, "ratings are cut")
        check(kept.times is None or len(kept.times) == met, "times are cut")
        return kept

    def followed_by(self, new: Dataset) -> Dataset:
        """What is kept and then the rows of `new`, which count as newer, as one dataset; its
        catalogue says what `new` says.
        """
        users, items = self.users.union(new.users), self.items.union(new.items)
        owners = np.repeat(np.arange(len(self.users)), self.histories.lengths)
        return Dataset(
            users=users,
            items=items,
            user_codes=_joined(users, (self.users, owners), (new.users, new.user_codes)),
            item_codes=_joined(
                items, (self.items, self.histories.items), (new.items, new.item_codes)
            ),
            ratings=self._ratings_before(new),
            at=None
            if self.times is None or new.at is None
            else np.concatenate([self.times, new.at]),
            catalogue=_spread(new, items),
        )

    def matrix_in(self, whole: Dataset) -> sp.csr_matrix[np.float32]:
        """Users x items, 1.0 where the user met the item, in the codes of a dataset that holds all
        these ids.
        """
        users, items = self.users.places_in(whole.users), self.items.places_in(whole.items)
        met = items[self.histories.items]
        owners = np.repeat(users, self.histories.lengths)
        shape = (whole.n_users, whole.n_items)
        return sp.csr_matrix((np.ones(len(met), np.float32), (owners, met)), shape=shape)

    def _ratings_before(self, new: Dataset) -> NDArray[np.float64] | None:
        if self.ratings is None and new.ratings is None:
            return None
        old = _or_nan(self.ratings, len(self.histories.items))
        return np.concatenate([old, _or_nan(new.ratings, len(new))])


def _joined(
    whole: Vocabulary, *parts: tuple[Vocabulary, NDArray[np.integer[Any]]]
) -> NDArray[np.int32]:
    """The codes of each part in the vocabulary of the whole, one part after the other."""
    return np.concatenate([known.places_in(whole)[codes] for known, codes in parts])


def _described(data: Dataset) -> NDArray[np.bool_]:
    """Of each item, whether the catalogue says anything of it."""
    if data.catalogue is None:
        return np.zeros(data.n_items, np.bool_)
    return data.catalogue.notna().any(axis=1).to_numpy(dtype=bool)


def _spread(new: Dataset, items: Vocabulary) -> pd.DataFrame | None:
    """The catalogue of `new` with a row for each of the items, empty where it says nothing."""
    if new.catalogue is None:
        return None
    return new.catalogue.set_axis(new.items.places_in(items)).reindex(range(len(items)))


def _or_nan(ratings: NDArray[np.floating[Any]] | None, n: int) -> NDArray[np.float64]:
    return np.full(n, np.nan) if ratings is None else ratings.astype(np.float64)


def check(holds: bool, what: str) -> None:
    """Raise ValueError(what), which `restore` reports as a damaged artefact."""
    if not holds:
        raise ValueError(what)
