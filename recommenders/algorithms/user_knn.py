"""User-based collaborative filtering: what people with a like history met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.crowd import Crowd
from recommenders.algorithms.ranking import Slates, best_by
from recommenders.algorithms.ratings import Rated, around, by_user
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.weighting import similarity
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class UserKnnConfig(Config):
    """Hyper-parameters of `user_knn`; defaults chosen on a validation part of MovieLens-100k."""

    k_neighbours: int = hyperparameter(
        100,
        low=1,
        high=10_000,
        help="How many people with the most similar histories are asked.",
        search=(10, 1_000),
        log=True,
    )
    shrinkage: float = hyperparameter(
        20.0,
        low=0.0,
        high=100_000.0,
        help="How strongly similarities that rest on few items are pulled towards zero.",
        search=(0.0, 500.0),
    )
    similarity: str = similarity("tfidf")
    normalise: float = hyperparameter(
        1.0,
        low=0.0,
        high=1.0,
        help="How far the lengths of both histories are divided out of what they share.",
        search=(0.5, 1.0),
    )


class UserKnn(Algorithm[UserKnnConfig]):
    """Scores an item by the similarities of those of the nearest people who met it, summed.

    A history given at call time is compared like that of a person; nothing is trained for it.
    """

    name = "user_knn"
    title = "Collaborative filtering (user kNN)"
    summary = "Items that the people with the most similar histories chose."
    config_type = UserKnnConfig
    updatable = True
    keeps_ratings = True

    _crowd: Crowd
    _met: sp.csr_matrix[np.float32]

    def predict_rating(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """The user's mean, moved by how similar people rated the item against their means.

        Resnick et al. 1994, "GroupLens", with the neighbours of `recommend`, the user left out.
        """
        self._need_fit()
        rated = Rated.of(self._kept, self.name)
        means = rated.means(rated.users, len(self._users))
        shape = (len(self._users), len(self._items))
        off = rated.values - means[rated.users]
        given = sp.csr_matrix((np.ones(len(off)), (rated.users, rated.items)), shape=shape)
        moved = sp.csr_matrix((off, (rated.users, rated.items)), shape=shape)
        predicted = np.full(len(frame), np.nan)
        for user, places, items in by_user(frame, self._kept):
            near = self._near([self._histories[user].astype(np.int64)], without=[user])
            off_sum = sp.csr_matrix(near @ moved[:, items]).toarray()[0]
            weight = sp.csr_matrix(near @ given[:, items]).toarray()[0]
            predicted[places] = around(means[[user]], off_sum, weight)
        return rated.clip(predicted).astype(np.float32)

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        self._crowd = Crowd.fit(dataset.matrix, self.config.similarity)
        self._met = dataset.matrix
        progress(1.0, "Weighed the histories", None)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(
            self._scores, histories, banned, k, width=max(len(self._items), len(self._users))
        )

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Of shape (histories, items); -inf where none of the nearest people met it."""
        scores = sp.csr_matrix(self._near(histories) @ self._met).toarray()
        scores[scores == 0.0] = -np.inf
        return scores

    def _near(
        self, histories: Sequence[NDArray[np.int64]], without: Sequence[int] = ()
    ) -> sp.csr_matrix[np.float32]:
        config = self.config
        return self._crowd.nearest(
            histories,
            k=config.k_neighbours,
            shrinkage=config.shrinkage,
            normalise=config.normalise,
            without=without,
        )

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """How many of the nearest people met each item."""
        near = self._near([history])
        counts = sp.csr_matrix(near.sign() @ self._met).toarray()[0]
        known = [int(counts[code]) if code >= 0 else 0 for code in codes]
        return [Reason(kind="alike", people=n) if n else None for n in known]

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        return bool(self._near([history]).nnz)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return self._crowd.arrays()

    def _restore(self, content: Artefact) -> None:
        self._crowd = Crowd.restore(content.arrays)
        self._met = self._histories.matrix(len(self._items))
        check(len(self._crowd.lengths) == len(self._users), "lengths and users differ in number")
        check(len(self._crowd.terms) == len(self._items), "weights and items differ in number")
