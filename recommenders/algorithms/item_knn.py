"""Item-based collaborative filtering: people who met this also met that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.neighbours import Neighbours
from recommenders.algorithms.ranking import CELLS_IN_CACHE, Slates, best_by
from recommenders.algorithms.ratings import Rated, around, by_user
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.shared_fields import history_length_field
from recommenders.algorithms.weighting import Weighting, similarity
from recommenders.dataset import Dataset, Vocabulary


@dataclass(frozen=True, kw_only=True)
class ItemKnnConfig(Config):
    """Hyper-parameters of `item_knn`; defaults chosen on MovieLens-100k, newest tenth held out."""

    k_neighbours: int = hyperparameter(
        200,
        low=1,
        high=10_000,
        help="How many similar items are kept for each item.",
        search=(10, 1_000),
        log=True,
        formerly="neighbours",
    )
    shrinkage: float = hyperparameter(
        20.0,
        low=0.0,
        high=100_000.0,
        help="How strongly similarities that rest on few people are pulled towards zero.",
        search=(0.0, 500.0),
    )
    similarity: str = similarity("cosine")
    normalise: float = hyperparameter(
        1.0,
        low=0.0,
        high=1.0,
        help="How far the popularity of both items is divided out of what they share.",
        search=(0.5, 1.0),
    )
    history_length: int = history_length_field()


class ItemKnn(Algorithm[ItemKnnConfig]):
    """Scores an item by its similarity to the newest `history_length` items of the history.

    An item is the people who met it, each weighed by `similarity`: who met few items says more.
    Only items similar to something in the history are recommended: a user without history gets an
    empty (padded) slate, and what to show instead is the caller's decision.
    """

    name = "item_knn"
    title = "Collaborative filtering (item kNN)"
    summary = "Items that people with a similar history chose, by similarity of items."
    config_type = ItemKnnConfig
    updatable = True
    keeps_ratings = True

    _neighbours: Neighbours

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        config = self.config
        by_item = sp.csr_matrix(dataset.matrix.T)
        weighed = Weighting.of(config.similarity, by_item).weigh(by_item)
        self._neighbours = Neighbours.fit(
            sp.csr_matrix(weighed.T),
            neighbours=config.k_neighbours,
            shrinkage=config.shrinkage,
            normalise=config.normalise,
        )
        progress(1.0, "Measured similarities", None)

    def predict_rating(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """The item's mean, moved by how the user rated similar items against their means.

        Sarwar et al. 2001, equation 3, with ratings centred on the mean of their item.
        """
        self._need_fit()
        rated = Rated.of(self._kept, self.name)
        means = rated.means(rated.items, len(self._items))
        off = rated.values - means[rated.items]
        starts = np.searchsorted(rated.users, np.arange(len(self._users) + 1))
        predicted = np.full(len(frame), np.nan)
        for user, places, items in by_user(frame, self._kept):
            mine = slice(starts[user], starts[user + 1])
            moved, weight = self._neighbours.about(rated.items[mine], off[mine])
            predicted[places] = around(means[items], moved[items], weight[items])
        return rated.clip(predicted).astype(np.float32)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(
            self._scores, histories, banned, k, width=len(self._items), cells=CELLS_IN_CACHE
        )

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Of shape (histories, items); -inf where nothing in the newest part is similar."""
        length = self.config.history_length
        return self._neighbours.scores([history[-length:] for history in histories])

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        recent = history[-self.config.history_length :]
        return because(self._neighbours, self._items, codes, recent)

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        return self._neighbours.speak(history[-self.config.history_length :])

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._neighbours.closest(code, k)

    def _likenesses_of(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._neighbours.among(codes)

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        length = self.config.history_length
        amounts = self._neighbours.contributions(code, history)
        amounts[: max(0, len(history) - length)] = 0.0
        return amounts

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return neighbour_arrays(self._neighbours)

    def _restore(self, content: Artefact) -> None:
        self._neighbours = restore_neighbours(content, len(self._items))


def because(
    neighbours: Neighbours,
    items: Vocabulary,
    codes: NDArray[np.int64],
    history: NDArray[np.int64],
) -> list[Reason | None]:
    """The history item that adds most to each item's score, which is exact for a sum."""
    sources = items.ids(neighbours.strongest(codes, history))
    return [None if one is None else Reason(kind="because", item=one) for one in sources]


def neighbour_arrays(neighbours: Neighbours) -> dict[str, NDArray[np.generic]]:
    """The arrays of an artefact that hold the similarities."""
    return {
        "neighbour_starts": neighbours.starts,
        "neighbour_items": neighbours.items,
        "neighbour_weights": neighbours.weights,
    }


def restore_neighbours(content: Artefact, n_items: int) -> Neighbours:
    """What `neighbour_arrays` gave. Raises KeyError or ValueError where it is damaged."""
    starts, items, weights = (
        content.arrays[f"neighbour_{part}"] for part in ("starts", "items", "weights")
    )
    check(len(starts) == n_items + 1, "similarities and items differ in number")
    check(int(starts[-1]) == len(items) == len(weights), "similarities are cut")
    return Neighbours(starts, items, weights)
