"""What it counts that two histories share something: everything alike, or the rare more."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms.config import choice

SIMILARITIES = ("cosine", "tfidf", "bm25")
_K1, _B = 1.2, 0.75  # of BM25, as in Robertson and Zaragoza 2009


def similarity(default: str) -> Any:
    """The hyper-parameter of neighbour models."""
    return choice(
        default,
        choices=SIMILARITIES,
        help="Whether all that is shared counts alike, or the rarer more.",
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighting:
    """An entry of documents x terms counts `documents[d] * terms[t]`."""

    documents: NDArray[np.float32]
    terms: NDArray[np.float32]

    @classmethod
    def of(cls, kind: str, matrix: sp.csr_matrix[np.float32]) -> Self:
        """matrix: documents x terms of 0 and 1, N documents; df documents have the term.

        cosine   1
        tfidf    ln(1 + N / df), Salton and Buckley 1988, smoothed so that it is never 0
        bm25     ln(1 + (N - df + 1/2) / (df + 1/2)) times `saturation`, Robertson and Zaragoza
                 2009, "The Probabilistic Relevance Framework", equation 3.15
        """
        n, n_terms = matrix.shape
        df = np.bincount(matrix.indices, minlength=n_terms)
        ones = np.ones(n)
        if kind == "cosine":
            return cls._of(ones, np.ones(n_terms))
        if kind == "tfidf":
            return cls._of(ones, np.log1p(n / np.maximum(df, 1)))
        length = np.diff(matrix.indptr)
        return cls._of(
            saturation(length, float(length.mean())), np.log1p((n - df + 0.5) / (df + 0.5))
        )

    @classmethod
    def _of(cls, documents: NDArray[np.float64], terms: NDArray[np.float64]) -> Self:
        return cls(documents=documents.astype(np.float32), terms=terms.astype(np.float32))

    def weigh(self, matrix: sp.csr_matrix[np.float32]) -> sp.csr_matrix[np.float32]:
        """The matrix with its entries weighed."""
        owners = np.repeat(self.documents, np.diff(matrix.indptr))
        weighed = matrix.data * owners * self.terms[matrix.indices]
        return sp.csr_matrix((weighed, matrix.indices, matrix.indptr), shape=matrix.shape)


def saturation(lengths: NDArray[np.integer[Any]], mean: float) -> NDArray[np.float64]:
    """(k1 + 1) / (1 + k1 (1 - b + b length / mean)): an entry of a long document counts less."""
    relative = lengths / max(mean, 1e-9)
    return np.asarray((_K1 + 1.0) / (1.0 + _K1 * (1.0 - _B + _B * relative)), np.float64)
