"""SLIM: each item from few others, by weights that are never negative."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms import elastic_net
from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.gram import popular_items
from recommenders.algorithms.item_knn import because, neighbour_arrays, restore_neighbours
from recommenders.algorithms.neighbours import Neighbours
from recommenders.algorithms.ranking import CELLS_IN_CACHE, Slates, best_by
from recommenders.algorithms.reasons import Reason
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class SlimConfig(Config):
    """Hyper-parameters of `slim`; defaults chosen on a validation part of MovieLens-100k."""

    l1: float = hyperparameter(
        1.0,
        low=0.0,
        high=1e6,
        help="How strongly small weights are pulled to nothing, which keeps the model small.",
        search=(0.0, 20.0),
    )
    l2: float = hyperparameter(
        300.0,
        low=1e-3,
        high=1e7,
        help="How strongly weights are pulled towards zero.",
        search=(10.0, 5_000.0),
        log=True,
    )
    epochs: int = hyperparameter(
        20, low=1, high=1_000, help="Most passes over all weights; it ends when they stand still."
    )
    max_items: int = hyperparameter(
        5_000,
        low=2,
        high=20_000,
        help="How many of the most popular items are learned; memory grows with the square.",
    )


class Slim(Algorithm[SlimConfig]):
    """Scores an item by the sum of its weights on the items of the history.

    Ning and Karypis 2011, "SLIM: Sparse Linear Methods for Top-N Recommender Systems", equation 3.
    Items beyond the `max_items` most popular are neither read nor shown.
    """

    name = "slim"
    title = "Collaborative filtering (SLIM)"
    summary = (
        "What a person's items say of every other item, by few weights, none of them negative."
    )
    config_type = SlimConfig

    _weights: Neighbours

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        config = self.config
        codes = popular_items(dataset.matrix, config.max_items)
        learned = dataset.matrix[:, codes]

        def told(sweep: int, largest: float) -> None:
            curve = {"epoch": float(sweep), "largest_move": largest}
            progress(0.99 * sweep / config.epochs, f"Pass {sweep} over the weights", curve)

        weights = elastic_net.solve(
            (learned.T @ learned).toarray(),
            l1=config.l1,
            l2=config.l2,
            sweeps=config.epochs,
            told=told,
        )
        self._weights = _among(weights, codes, len(dataset.items))
        progress(1.0, "Learned the weights of items", None)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(
            self._weights.scores, histories, banned, k, width=len(self._items), cells=CELLS_IN_CACHE
        )

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        return because(self._weights, self._items, codes, history)

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        return self._weights.speak(history)

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._weights.closest(code, k)

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._weights.contributions(code, history)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return neighbour_arrays(self._weights)

    def _restore(self, content: Artefact) -> None:
        self._weights = restore_neighbours(content, len(self._items))


def _among(weights: NDArray[np.float32], codes: NDArray[np.int64], n: int) -> Neighbours:
    """The weights of the items learned, in the codes of a catalogue of n."""
    says, of = np.nonzero(weights)
    rows = sp.csr_matrix((weights[says, of], (codes[says], codes[of])), shape=(n, n))
    return Neighbours(
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int32),
        rows.data.astype(np.float32),
    )
