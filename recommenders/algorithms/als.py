"""ALS: a matrix of who met what, factored by alternating least squares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.factors import Floats, LeastSquares, likenesses, most_alike
from recommenders.algorithms.ranking import Slates, best_by, top_k
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.shared_fields import factors_field, seed_field
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class AlsConfig(Config):
    """Hyper-parameters of `als`; defaults chosen by validation on MovieLens-100k."""

    factors: int = factors_field()
    l2: float = hyperparameter(
        50.0,
        low=1e-4,
        high=1e6,
        help="How strongly vectors are pulled towards zero.",
        search=(0.1, 500.0),
        log=True,
    )
    alpha: float = hyperparameter(
        8.0,
        low=1.0,
        high=10_000.0,
        help="How much more an item that was met counts than one that was not.",
        search=(1.0, 100.0),
        log=True,
    )
    epochs: int = hyperparameter(
        15, low=1, high=1_000, help="How often people and items are solved for in turn."
    )
    seed: int = seed_field()


class Als(Algorithm[AlsConfig]):
    """Scores an item by the product of its vector with the person's.

    Trained by `implicit`, whose ALS is Hu, Koren and Volinsky 2008 by conjugate gradients. A
    model keeps the vectors of items alone: a person is solved for from the history, given or kept,
    so a click counts at once. Items that score 0 or below are not shown.
    """

    name = "als"
    title = "Collaborative filtering (ALS)"
    summary = "Items whose taste, in a few numbers, is that of the person, by matrix factorisation."
    config_type = AlsConfig
    updatable = True

    _solver: LeastSquares

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        from recommenders.algorithms import implicit_training

        items = implicit_training.als(
            dataset.matrix, self.config, self.config.seed if seed is None else seed, progress
        )
        self._take(items)
        progress(1.0, "Factored who met what", None)

    def _update(self, before: Self, whole: Dataset, progress: Progress) -> None:
        """Half a step of the training, for the items that people have met since: everybody is
        placed by what they met, then these items are solved for by who met them.
        """
        items = np.zeros((whole.n_items, self.config.factors), np.float32)
        items[before._items.places_in(whole.items)] = before._solver.items
        self._take(items)
        former = np.bincount(before._kept.matrix_in(whole).indices, minlength=whole.n_items)
        touched = np.flatnonzero(former != whole.people)
        if len(touched):
            progress(0.1, "Placing people by what they met", None)
            items[touched] = self._solved(whole, touched)
            self._take(items)
        progress(1.0, f"Solved for {len(touched):,} items", None)

    def _solved(self, whole: Dataset, items: NDArray[np.int64]) -> Floats:
        """The vectors of these items, given everybody's."""
        everyone = [whole.histories[user].astype(np.int64) for user in range(whole.n_users)]
        people = self._solver.place(everyone)
        fans = whole.matrix.tocsc()[:, items]
        solver = LeastSquares.of(people, l2=self.config.l2, alpha=self.config.alpha)
        return solver.place(np.split(fans.indices, fans.indptr[1:-1]))

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(self._scores, histories, banned, k, width=len(self._items)).above(0.0)

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> Floats:
        """Of shape (histories, items)."""
        return np.asarray(self._solver.place(histories) @ self._solver.items.T, np.float32)

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """The item of the history that adds most, where that is above 0."""
        return [self._because(int(code), history) for code in codes]

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        return bool((self._scores([history]) > 0.0).any())

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        alike = most_alike(self._solver.items, code)
        best = top_k(alike, k)
        return best, alike[best]

    def _likenesses_of(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        return likenesses(self._solver.items[codes])

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._solver.parts(code, history)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return {"item_factors": self._solver.items}

    def _restore(self, content: Artefact) -> None:
        items = content.arrays["item_factors"]
        shape = (len(self._items), self.config.factors)
        check(items.shape == shape, "vectors and items differ in number or size")
        self._take(items)

    def _take(self, items: Floats) -> None:
        # Column by column, so that a product with one person reads the numbers as they lie.
        items = np.asfortranarray(items)
        self._solver = LeastSquares.of(items, l2=self.config.l2, alpha=self.config.alpha)
