"""Ridge regression of every item on all others, from the Gram matrix of people by items."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from recommenders.exceptions import NotEnoughDataError

Matrix = sp.csr_matrix[np.float32]


@dataclass(frozen=True, eq=False)
class Ridge:
    """codes: the items learned, ascending. weights[j, i]: what item j says of item i, 0 for itself.

    With P the inverse of G + D, G the people that two items share and D the penalties, weights are
    -P[j, i] / P[i, i], and scales the diagonal of P, so that P can be had back from both.
    """

    codes: NDArray[np.int64]
    weights: NDArray[np.float32]
    scales: NDArray[np.float64]
    dropout: float

    @classmethod
    def fit(cls, matrix: Matrix, *, l2: float, dropout: float, most: int) -> Self:
        """Steck 2019, equation 8; with dropout p, D = l2 + p / (1 - p) * diag(G), which is the
        limit of hiding each item of a history with probability p (Steck 2020, "Autoencoders that
        don't overfit towards the identity", equation 5). Raises NotEnoughDataError.
        """
        codes = popular_items(matrix, most)
        learned = matrix[:, codes]
        gram = (learned.T @ learned).toarray()
        diagonal = np.arange(len(codes))
        gram[diagonal, diagonal] *= np.float32(1.0 / (1.0 - dropout))
        gram[diagonal, diagonal] += np.float32(l2)
        return cls._of(codes, _inverse(gram), dropout)

    @classmethod
    def _of(cls, codes: NDArray[np.int64], inverse: NDArray[Any], dropout: float) -> Self:
        scales = np.diag(inverse).astype(np.float64)
        weights = np.divide(inverse, -scales[None, :], dtype=np.float32, casting="unsafe")
        np.fill_diagonal(weights, 0.0)
        return cls(codes, weights, scales, dropout)

    def sums(self, places: list[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Sum of the weights of each list of places, of shape (lists, items learned)."""
        starts = np.cumsum([0, *map(len, places)])
        flat = np.concatenate([*places, np.empty(0, np.int64)]).astype(np.int64)
        ones = np.ones(len(flat), np.float32)
        shape = (len(places), len(self.codes))
        return np.asarray(sp.csr_matrix((ones, flat, starts), shape=shape) @ self.weights)

    def grown(
        self,
        before: Matrix,
        after: Matrix,
        codes: NDArray[np.int64],
        places: NDArray[np.int64],
        *,
        l2: float,
    ) -> Self | None:
        """The ridge after some people met more, by the matrix inversion lemma, not by a solution.

        before, after: those people by the items learned now, `codes`; places: where the items
        learned so far are among these. None where so many changed that solving anew is cheaper.
        """
        columns, signs = _change(before, after, self.dropout)
        if 3 * len(signs) > len(codes):
            return None
        inverse = _after(self._inverse_among(len(codes), places, l2), columns, signs)
        return self._of(codes, inverse, self.dropout)

    def _inverse_among(self, n: int, places: NDArray[np.int64], l2: float) -> NDArray[np.float64]:
        """P for `n` items; one that nobody has met yet has only its penalty."""
        known = -self.weights.astype(np.float64) * self.scales[None, :]
        np.fill_diagonal(known, self.scales)
        inverse = np.diag(np.full(n, 1.0 / l2))
        inverse[np.ix_(places, places)] = known
        return inverse


def popular_items(matrix: Matrix, most: int) -> NDArray[np.int64]:
    """The items of the most people, ties by code, ascending."""
    people = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return np.sort(np.argsort(-people, kind="stable")[:most])


def _change(
    before: Matrix, after: Matrix, dropout: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(columns, signs): what was added to G + D is columns @ diag(signs) @ columns.T."""
    more = np.asarray(after.sum(axis=0) - before.sum(axis=0), np.float64).ravel()
    more *= dropout / (1.0 - dropout)
    units = np.flatnonzero(more)
    columns = np.hstack([before.toarray().T, after.toarray().T, np.eye(len(more))[:, units]])
    signs = np.concatenate([-np.ones(before.shape[0]), np.ones(after.shape[0]), more[units]])
    used = columns.any(axis=0)
    return columns[:, used].astype(np.float64), signs[used]


def _after(
    inverse: NDArray[np.float64], columns: NDArray[np.float64], signs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The inverse of M + columns @ diag(signs) @ columns.T from that of M (Woodbury)."""
    moved = inverse @ columns
    core = np.diag(1.0 / signs) + columns.T @ moved
    return np.asarray(inverse - moved @ np.linalg.solve(core, moved.T))


def _inverse(gram: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of a positive definite matrix, by Cholesky in single precision."""
    factor, failed = lapack.spotrf(gram.T, lower=1, overwrite_a=1)
    inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1) if not failed else (factor, 1)
    if failed:
        raise NotEnoughDataError("the penalty l2 is too small for this data; give a larger one")
    lower = np.tril(inverse)
    return np.asarray(lower + np.tril(lower, -1).T)
