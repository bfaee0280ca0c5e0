"""Item-to-item similarity: fitting it, scoring histories with it, and explaining a score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

_CELLS = 1 << 24  # similarities (4 bytes each) held at once while fitting


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The most similar items, kept per history item: what an item met says about the others.

    Item `j` speaks for `items[starts[j]:starts[j + 1]]` with `weights[...]`. All three arrays may
    be memory-mapped.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    weights: NDArray[np.float32]

    @classmethod
    def fit(
        cls,
        matrix: sp.csr_matrix[np.float32],
        *,
        neighbours: int,
        shrinkage: float,
        normalise: float = 1.0,
    ) -> "Neighbours":
        """Cosine with shrinkage: x_i x_j / ((|x_i| |x_j|)^normalise + shrinkage).

        matrix: users x items, x_i its columns; of 0 and 1, x_i x_j are the people of both.
        Shrinkage pulls pairs that few people share towards 0 (Ferrari Dacrema et al. 2019, "Are
        we really making much progress?", section 3.1).
        Every candidate keeps its `neighbours` most similar items, so a candidate's score is a
        sum over those of them that are in the history.
        """
        blocks = [
            _closest(block, first, neighbours)
            for first, block in _similarity(matrix, shrinkage, normalise)
        ]
        candidates = sp.vstack(blocks, format="csr")
        by_history = candidates.T.tocsr()
        by_history.sort_indices()
        return cls(
            by_history.indptr.astype(np.int64),
            by_history.indices.astype(np.int32),
            by_history.data.astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def strongest_of(
        cls,
        starts: NDArray[np.integer[Any]],
        items: NDArray[np.integer[Any]],
        weights: NDArray[np.floating[Any]],
        most: int,
    ) -> "Neighbours":
        """Of what each item says, the `most` largest weights, ties by item."""
        owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        order = np.lexsort((items, -weights, owners))
        kept = np.sort(order[np.arange(len(order)) - starts[owners] < most])
        counts = np.bincount(owners[kept], minlength=len(starts) - 1)
        return cls(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            items[kept].astype(np.int32),
            weights[kept].astype(np.float32),
        )

    def scores(
        self,
        histories: Sequence[NDArray[np.int64]],
        amounts: Sequence[NDArray[np.float32]] | None = None,
    ) -> NDArray[np.float32]:
        """Sum of similarities to the history, of shape (histories, items); -inf where there is
        no similar item, since then there is nothing to say.

        amounts: what each item of each history counts; 1 without them.
        """
        starts = np.cumsum([0, *map(len, histories)])
        history = np.concatenate([*histories, np.empty(0, np.int64)]).astype(np.int64)
        counts = (
            np.ones(len(history), np.float32)
            if amounts is None
            else np.concatenate([*amounts, np.empty(0, np.float32)])
        )
        met = sp.csr_matrix((counts, history, starts), shape=(len(histories), len(self)))
        says = sp.csr_matrix((self.weights, self.items, self.starts), shape=(len(self), len(self)))
        scores = np.asarray((met @ says).toarray())
        scores[scores == 0.0] = -np.inf
        return scores

    def strongest(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each item, the history item that adds most to its score (the later one at a tie),
        or -1.
        """
        entries, counts = self._entries(history)
        items, weights = self.items[entries], self.weights[entries]
        sources = np.repeat(history, counts)
        best = np.full(len(codes), -1, np.int64)
        for place, code in enumerate(codes):
            mine = np.flatnonzero(items == code)[::-1]
            if len(mine):
                best[place] = sources[mine[np.argmax(weights[mine])]]
        return best

    def speak(self, history: NDArray[np.int64]) -> bool:
        """Whether anything is similar to something in the history."""
        return bool((self.starts[history + 1] > self.starts[history]).any())

    def closest(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The items most similar to one, and how similar, at most k of those it keeps."""
        mine = np.flatnonzero(self.items == code)
        best = mine[np.argsort(-self.weights[mine], kind="stable")[:k]]
        return np.searchsorted(self.starts, best, side="right") - 1, self.weights[best]

    def among(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Similarities of shape (codes, codes), 0 where neither keeps the other; 1 of each to
        itself.
        """
        place = np.full(len(self), -1, np.int64)
        place[codes] = np.arange(len(codes))
        entries, counts = self._entries(codes)
        to = place[self.items[entries]]
        alike = np.zeros((len(codes), len(codes)), np.float32)
        owners = np.repeat(np.arange(len(codes)), counts)
        alike[owners[to >= 0], to[to >= 0]] = self.weights[entries[to >= 0]]
        np.fill_diagonal(alike, 1.0)
        return np.maximum(alike, alike.T)

    def contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each item of the history adds to the score of the item."""
        entries, counts = self._entries(history)
        says = np.flatnonzero(self.items[entries] == code)
        amounts = np.zeros(len(history), np.float32)
        amounts[np.repeat(np.arange(len(history)), counts)[says]] = self.weights[entries[says]]
        return amounts

    def about(
        self, history: NDArray[np.int64], amounts: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For each item, the similarities to the history summed: times `amounts`, and alone."""
        entries, counts = self._entries(history)
        items, weights = self.items[entries], self.weights[entries]
        times = np.bincount(items, weights * np.repeat(amounts, counts), minlength=len(self))
        alone = np.bincount(items, weights, minlength=len(self))
        return times.astype(np.float64), alone.astype(np.float64)

    def _entries(self, history: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places of all that the history's items say, and how many of them each item says."""
        starts = self.starts[history]
        counts = self.starts[history + 1] - starts
        before = np.cumsum(counts) - counts
        return np.arange(counts.sum()) + np.repeat(starts - before, counts), counts


def _similarity(
    matrix: sp.csr_matrix[np.float32], shrinkage: float, normalise: float
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Similarity of a block of candidates to all items, block by block to bound the memory."""
    columns = matrix.tocsc()
    squares = np.bincount(matrix.indices, matrix.data**2, minlength=matrix.shape[1])
    root = (squares ** (normalise / 2)).astype(np.float32)
    size = max(1, _CELLS // max(1, matrix.shape[1]))
    for first in range(0, matrix.shape[1], size):
        block = slice(first, first + size)
        shared = (columns[:, block].T @ matrix).toarray()
        # An item nobody met shares nobody: 0 / 0 is 0 here.
        scale = np.maximum(root[block, None] * root[None, :] + np.float32(shrinkage), 1e-9)
        similarity = shared / scale
        itself = np.arange(len(similarity))
        similarity[itself, itself + first] = 0.0
        yield first, similarity


def _closest(
    similarity: NDArray[np.float32], first: int, neighbours: int
) -> sp.csr_matrix[np.float32]:
    keep = min(neighbours, similarity.shape[1])
    columns = np.argpartition(-similarity, keep - 1, axis=1)[:, :keep]
    values = np.take_along_axis(similarity, columns, axis=1)
    rows = np.repeat(np.arange(len(similarity)), keep)
    closest = sp.csr_matrix((values.ravel(), (rows, columns.ravel())), shape=similarity.shape)
    closest.eliminate_zeros()
    return closest
