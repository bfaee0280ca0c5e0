"""EASE: each item predicted from all others by one ridge regression in closed form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.gram import Ridge, popular_items
from recommenders.algorithms.ranking import Slates, best_by, top_k
from recommenders.algorithms.reasons import Reason
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class EaseConfig(Config):
    """Hyper-parameters of `ease`; defaults chosen by validation on MovieLens-100k."""

    l2: float = hyperparameter(
        200.0,
        low=1e-3,
        high=1e7,
        help="How strongly weights are pulled towards zero.",
        search=(10.0, 5_000.0),
        log=True,
    )
    dropout: float = hyperparameter(
        0.7,
        low=0.0,
        high=0.95,
        help="Share of each history that is hidden while learning, which spares popular items.",
        search=(0.0, 0.9),
    )
    max_items: int = hyperparameter(
        10_000,
        low=2,
        high=50_000,
        help="How many of the most popular items are learned; memory grows with the square.",
    )


class Ease(Algorithm[EaseConfig]):
    """Scores an item by the sum of its weights on the items of the history.

    Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", equation 8. Weights may be
    negative; items whose sum is not above zero are not shown, since nothing speaks for them.
    Items beyond the `max_items` most popular are neither read nor shown.
    """

    name = "ease"
    title = "Collaborative filtering (EASE)"
    summary = "What a person's items together say of every other item, by a linear model."
    config_type = EaseConfig
    updatable = True

    _ridge: Ridge
    _places: NDArray[np.int64]

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        config = self.config
        self._take(
            Ridge.fit(dataset.matrix, l2=config.l2, dropout=config.dropout, most=config.max_items)
        )
        progress(1.0, "Solved for the weights of items", None)

    def _update(self, before: Self, whole: Dataset, progress: Progress) -> None:
        grown = self._grown(before, whole)
        if grown is None:
            self._fit(whole, None, progress)
            return
        self._take(grown)
        progress(1.0, "Brought the weights of items up to date", None)

    def _grown(self, before: Self, whole: Dataset) -> Ridge | None:
        codes = popular_items(whole.matrix, self.config.max_items)
        former = before._items.places_in(whole.items)[before._ridge.codes]
        new_items = len(whole.items) - len(before._items)
        if len(codes) != len(former) + new_items or not np.isin(former, codes).all():
            return None  # other items are among the most popular now
        was = before._kept.matrix_in(whole)
        changed = np.flatnonzero(np.diff(was.indptr) != np.diff(whole.matrix.indptr))
        return before._ridge.grown(
            was[changed][:, codes],
            whole.matrix[changed][:, codes],
            codes,
            np.searchsorted(codes, former),
            l2=self.config.l2,
        )

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(self._scores, histories, banned, k, width=len(self._items))

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """The item of the history with the largest weight, where it is above zero."""
        return [self._because(int(code), history) for code in codes]

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Of shape (histories, items); -inf where the sum is not above zero."""
        sums = self._ridge.sums([self._known(history) for history in histories])
        scores = np.full((len(histories), len(self._items)), -np.inf, np.float32)
        scores[:, self._ridge.codes] = np.where(sums > 0.0, sums, -np.inf)
        return scores

    def _known(self, history: NDArray[np.int64]) -> NDArray[np.int64]:
        places = self._places[history]
        return places[places >= 0]

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        return bool((self._scores([history]) > -np.inf).any())

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if (place := int(self._places[code])) < 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        weights = np.asarray(self._ridge.weights[place])
        best = top_k(np.where(weights > 0.0, weights, -np.inf), k)
        return self._ridge.codes[best], weights[best]

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        amounts = np.zeros(len(history), np.float32)
        place, places = int(self._places[code]), self._places[history]
        if place >= 0:
            amounts[places >= 0] = self._ridge.weights[places[places >= 0], place]
        return amounts

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        ridge = self._ridge
        return {"weights": ridge.weights, "scales": ridge.scales, "learned": ridge.codes}

    def _restore(self, content: Artefact) -> None:
        arrays = content.arrays
        ridge = Ridge(arrays["learned"], arrays["weights"], arrays["scales"], self.config.dropout)
        n = len(ridge.codes)
        check(ridge.weights.shape == (n, n), "weights and items differ in number")
        check(len(ridge.scales) == n, "scales and items differ in number")
        check(
            not n or int(ridge.codes.max()) < len(self._items), "an item is none of the catalogue"
        )
        self._take(ridge)

    def _take(self, ridge: Ridge) -> None:
        self._ridge = ridge
        self._places = np.full(len(self._items), -1, np.int64)
        self._places[ridge.codes] = np.arange(len(ridge.codes))
