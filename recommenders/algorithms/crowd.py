"""The people of a training, searchable by what they met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms.kept import check
from recommenders.algorithms.weighting import Weighting, saturation


@dataclass(frozen=True, kw_only=True, eq=False)
class Crowd:
    """Who met each item: `fans[starts[i]:starts[i + 1]]` are the users of item i, each entry
    weighing `weights[...]`.

    terms: weight of each item. lengths: Euclidean length of each user's weighed history. mean:
    mean number of items of a history, which BM25 compares lengths with.
    """

    starts: NDArray[np.int64]
    fans: NDArray[np.int32]
    weights: NDArray[np.float32]
    terms: NDArray[np.float32]
    lengths: NDArray[np.float32]
    mean: NDArray[np.float64]

    @classmethod
    def fit(cls, matrix: sp.csr_matrix[np.float32], kind: str) -> Self:
        """matrix: users x items of 0 and 1. kind: as in `Weighting.of`."""
        weighting = Weighting.of(kind, matrix)
        weighed = weighting.weigh(matrix)
        by_item = sp.csr_matrix(weighed.T)
        by_item.sort_indices()
        return cls(
            starts=by_item.indptr.astype(np.int64),
            fans=by_item.indices.astype(np.int32),
            weights=by_item.data.astype(np.float32),
            terms=weighting.terms,
            lengths=np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel()),
            mean=np.array([len(matrix.indices) / matrix.shape[0] if kind == "bm25" else 0.0]),
        )

    def nearest(
        self,
        histories: Sequence[NDArray[np.int64]],
        *,
        k: int,
        shrinkage: float,
        normalise: float,
        without: Sequence[int] = (),
    ) -> sp.csr_matrix[np.float32]:
        """Histories x users, the k largest similarities of each row: x y / ((|x| |y|)^normalise +
        shrinkage), of weighed histories x and y; what is 0 is nobody's.

        without: a user for each history to leave out.
        """
        asked = self._weighed(histories)
        people = sp.csr_matrix(
            (self.weights, self.fans, self.starts), shape=(len(self.terms), len(self.lengths))
        )
        shared = (asked @ people).toarray()
        own = np.sqrt(np.asarray(asked.multiply(asked).sum(axis=1))).reshape(-1, 1)
        scale = (own * self.lengths[None, :]) ** np.float32(normalise) + np.float32(shrinkage)
        alike = shared / np.maximum(scale, 1e-9)
        alike[np.arange(len(without)), list(without)] = 0.0
        return _largest(alike, k)

    def _weighed(self, histories: Sequence[NDArray[np.int64]]) -> sp.csr_matrix[np.float32]:
        counts = np.array([len(history) for history in histories], np.int64)
        items = np.concatenate([*histories, np.empty(0, np.int64)]).astype(np.int64)
        saturated = (
            saturation(counts, float(self.mean[0])) if self.mean[0] else np.ones(len(counts))
        )
        data = (np.repeat(saturated, counts) * self.terms[items]).astype(np.float32)
        starts = np.concatenate([[0], np.cumsum(counts)])
        return sp.csr_matrix((data, items, starts), shape=(len(histories), len(self.terms)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of an artefact."""
        return {f"crowd_{name}": array for name, array in vars(self).items()}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What `arrays` gave. Raises KeyError or ValueError where it is damaged."""
        names = ("starts", "fans", "weights", "terms", "lengths", "mean")
        crowd = cls(**{name: arrays[f"crowd_{name}"] for name in names})
        check(len(crowd.starts) == len(crowd.terms) + 1, "items and people differ in number")
        check(int(crowd.starts[-1]) == len(crowd.fans) == len(crowd.weights), "people are cut")
        check(len(crowd.mean) == 1, "the mean length is missing")
        return crowd


def _largest(alike: NDArray[np.float32], k: int) -> sp.csr_matrix[np.float32]:
    keep = min(k, alike.shape[1])
    users = np.argpartition(-alike, keep - 1, axis=1)[:, :keep]
    values = np.take_along_axis(alike, users, axis=1)
    rows = np.repeat(np.arange(len(alike)), keep)
    nearest = sp.csr_matrix((values.ravel(), (rows, users.ravel())), shape=alike.shape)
    nearest.eliminate_zeros()
    return nearest
