"""Training examples: what a person had done, what they did next, and what they did not.

Codes here are the network's: item code + 1, with 0 for "no item".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError

# Negatives are drawn with probability ~ (people + 1) ** 0.5: uniform draws teach little but
# popularity, draws by popularity teach against it (word2vec's 0.75 has the same reason).
_POWER = 0.5
_REDRAWS = 10


@dataclass(frozen=True, kw_only=True)
class Batch:
    """histories (n, history_length), oldest first, padded with 0 on the left; candidates
    (n, 1 + negatives), of which the first was chosen. Both int32.
    """

    histories: NDArray[np.int32]
    candidates: NDArray[np.int32]


class Examples:
    """Every step of every history is an example: predict the item from what came before it.

    First steps are among them, with an empty history: they teach what to show to strangers.
    Raises NotEnoughDataError where no user has left an item of the catalogue unmet.
    """

    def __init__(self, dataset: Dataset, *, history_length: int, negatives: int) -> None:
        self._kept = dataset.histories
        self._length = history_length
        self._negatives = negatives
        self._owner = np.repeat(np.arange(len(self._kept)), self._kept.lengths)
        self._places = np.flatnonzero(self._kept.lengths[self._owner] < dataset.n_items)
        if not len(self._places):
            raise NotEnoughDataError(
                "conv_ctr learns from items a user did not choose, and here every user has met "
                f"all {dataset.n_items} items; add items or users"
            )
        self._n_items = dataset.n_items
        self._met = np.sort(self._owner * self._n_items + self._kept.items)
        weights = (dataset.people + 1.0) ** _POWER
        self._cumulative = np.cumsum(weights / weights.sum())

    def __len__(self) -> int:
        return len(self._places)

    def draw(self, rng: np.random.Generator, limit: int) -> Batch:
        """At most `limit` examples in random order, each with fresh negatives."""
        places = rng.permutation(self._places)[:limit]
        chosen = self._kept.items[places][:, None]
        unmet = self._draw_unmet(rng, self._owner[places])
        return Batch(
            histories=self._before(places),
            candidates=(np.hstack([chosen, unmet]) + 1).astype(np.int32),
        )

    def _before(self, places: NDArray[np.int64]) -> NDArray[np.int32]:
        window = places[:, None] + np.arange(-self._length, 0)
        inside = window >= self._kept.starts[self._owner[places]][:, None]
        return np.where(inside, self._kept.items[np.where(inside, window, 0)] + 1, 0)

    def _draw_unmet(self, rng: np.random.Generator, users: NDArray[np.int64]) -> NDArray[np.int64]:
        drawn = self._draw_items(rng, (len(users), self._negatives))
        met = self._have_met(users, drawn)
        for _ in range(_REDRAWS):
            if not met.any():
                return drawn
            drawn[met] = self._draw_items(rng, int(met.sum()))
            met = self._have_met(users, drawn)
        for row, column in np.argwhere(met):  # users who met nearly everything: few, so one by one
            unmet = np.setdiff1d(np.arange(self._n_items), self._kept[int(users[row])])
            drawn[row, column] = rng.choice(unmet)
        return drawn

    def _draw_items(
        self, rng: np.random.Generator, shape: int | tuple[int, int]
    ) -> NDArray[np.int64]:
        places = np.searchsorted(self._cumulative, rng.random(shape), side="right")
        return np.minimum(places, self._n_items - 1)

    def _have_met(self, users: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.bool_]:
        pairs = users[:, None] * self._n_items + items
        places = np.minimum(np.searchsorted(self._met, pairs), len(self._met) - 1)
        return np.asarray(self._met[places] == pairs)


def recent(history: NDArray[np.int64], length: int) -> NDArray[np.int32]:
    """A history of item codes as the network reads it: the newest `length`, padded on the left."""
    padded = np.zeros(length, np.int32)
    newest = history[-length:] + 1
    padded[length - len(newest) :] = newest
    return padded
