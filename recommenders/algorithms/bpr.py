"""BPR: vectors of items by which what people met ranks above what they did not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.factors import Floats, Newton, likenesses, most_alike
from recommenders.algorithms.popularity import popular
from recommenders.algorithms.ranking import Slates, best_by, top_k
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.shared_fields import factors_field, seed_field
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class BprConfig(Config):
    """Hyper-parameters of `bpr`; defaults chosen by validation on MovieLens-100k."""

    factors: int = factors_field()
    learning_rate: float = hyperparameter(
        0.02,
        low=1e-5,
        high=1.0,
        help="How far one pair of items moves the vectors.",
        search=(0.001, 0.2),
        log=True,
    )
    l2: float = hyperparameter(
        0.03,
        low=0.0,
        high=10.0,
        help="How strongly vectors are pulled towards zero at each pair.",
        search=(0.001, 0.2),
        log=True,
    )
    placing_l2: float = hyperparameter(
        0.3,
        low=1e-3,
        high=1_000.0,
        help="How strongly a person placed by a history is pulled towards the middle.",
        search=(0.03, 3.0),
        log=True,
    )
    epochs: int = hyperparameter(
        200, low=1, high=10_000, help="How often as many pairs are drawn as there is behaviour."
    )
    seed: int = seed_field()


class Bpr(Algorithm[BprConfig]):
    """Scores an item by the product of its vector with the person's, plus its own bias.

    Rendle et al. 2009, "BPR: Bayesian Personalized Ranking from Implicit Feedback", trained by
    `implicit` on one core, since on more no two trainings would be the same. A person is placed by
    the history at hand (`Newton`), whether training saw them or not.
    """

    name = "bpr"
    title = "Collaborative filtering (BPR)"
    summary = "Items that rank above others for people of this taste, learned pair by pair."
    config_type = BprConfig

    _vectors: Floats
    _placing: Newton
    _biases: Floats
    _people: NDArray[np.int64]

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        from recommenders.algorithms import implicit_training

        vectors = implicit_training.bpr(
            dataset.matrix, self.config, self.config.seed if seed is None else seed, progress
        )
        self._take(vectors, dataset.people)
        progress(1.0, "Learned what ranks above what", None)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(self._scores, histories, banned, k, width=len(self._items))

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> Floats:
        """Of shape (histories, items); -inf of a history without items, and for what nobody met."""
        scores = self._placing.place(histories) @ self._placing.items.T + self._biases
        scores[[not len(history) for history in histories]] = -np.inf
        scores[:, self._people == 0] = -np.inf
        return np.asarray(scores, np.float32)

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """The item of the history that is most alike, else how many people met the item."""
        crowd = popular(self._people, codes)
        return [
            self._alike(int(code), history) or by_crowd
            for code, by_crowd in zip(codes, crowd, strict=True)
        ]

    def _alike(self, code: int, history: NDArray[np.int64]) -> Reason | None:
        if code < 0 or not len(history):
            return None
        alike = most_alike(self._placing.items, code)[history]
        if alike.max() == -np.inf:
            return None
        return Reason(kind="because", item=str(self._items.ids(history[[int(alike.argmax())]])[0]))

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        alike = most_alike(self._placing.items, code)
        best = top_k(alike, k)
        return best, alike[best]

    def _likenesses_of(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        return likenesses(self._placing.items[codes])

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return {"item_vectors": self._vectors, "people": self._people}

    def _restore(self, content: Artefact) -> None:
        vectors, people = content.arrays["item_vectors"], content.arrays["people"]
        shape = (len(self._items), self.config.factors + 1)
        check(vectors.shape == shape, "vectors and items differ in number or size")
        check(len(people) == len(self._items), "counts and items differ in number")
        self._take(vectors, people)

    def _take(self, vectors: Floats, people: NDArray[np.int64]) -> None:
        # Column by column, so that a product with one person reads the numbers as they lie.
        vectors = np.asfortranarray(vectors)
        self._vectors = vectors
        self._placing = Newton.of(vectors[:, :-1], l2=self.config.placing_l2)
        self._biases = vectors[:, -1]
        self._people = people
