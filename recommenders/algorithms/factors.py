"""Items as vectors, and people placed among them by their histories."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BATCH = 256  # people whose systems (factors x factors) are held at once

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Where a person belongs whose items count `alpha` and all others 1.

    The vector x of a history h minimises, over all items i with vectors y,

        sum of c_i (p_i - x y_i)^2 + l2 |x|^2       c, p = alpha, 1 in h and 1, 0 outside

    Hu, Koren and Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets",
    equation 4. `base` is Y'Y + l2.
    """

    items: Floats
    base: Floats
    alpha: float

    @classmethod
    def of(cls, items: Floats, *, l2: float, alpha: float) -> "LeastSquares":
        gram = items.T @ items
        return cls(items, gram + np.float32(l2) * np.eye(len(gram), dtype=np.float32), alpha)

    def place(self, histories: Sequence[NDArray[np.integer[Any]]]) -> Floats:
        """The vectors, of shape (histories, factors); 0 of a history without items."""
        placed = np.zeros((len(histories), self.items.shape[1]), np.float32)
        for first in range(0, len(histories), _BATCH):
            part = histories[first : first + _BATCH]
            systems = np.stack([self.system(history) for history in part])
            wanted = np.stack([self.items[history].sum(axis=0) for history in part])
            solved = np.linalg.solve(systems, np.float32(self.alpha) * wanted[:, :, None])
            placed[first : first + len(part)] = solved[:, :, 0]
        return placed

    def system(self, history: NDArray[np.integer[Any]]) -> Floats:
        """The matrix of the normal equations of one history."""
        own = self.items[history]
        return np.asarray(self.base + np.float32(self.alpha - 1.0) * (own.T @ own), np.float32)

    def parts(self, code: int, history: NDArray[np.int64]) -> Floats:
        """What each item of the history adds to the score x y of an item (equation 7)."""
        toward = np.linalg.solve(self.system(history), self.items[code])
        return np.asarray(self.alpha * (self.items[history] @ toward), np.float32)


@dataclass(frozen=True, eq=False)
class Newton:
    """Where a person belongs by whose ranking the items of the history are above the others.

    One Newton step from 0 on the mean over pairs (i of the history, j of all items) of
    -ln s(x (y_i - y_j)) + l2 |x|^2 / 2, s the logistic function. There the gradient is -d / 2, with
    d the mean of the history less the mean of all, and the curvature a quarter of the mean of
    (y_i - y_j)(y_i - y_j)', which is both covariances and d d'. It is a linear discriminant.
    """

    items: Floats
    middle: Floats
    spread: Floats
    l2: float

    @classmethod
    def of(cls, items: Floats, *, l2: float) -> "Newton":
        middle = items.mean(axis=0, dtype=np.float64)
        spread = items.T.astype(np.float64) @ items / len(items) - np.outer(middle, middle)
        return cls(items, middle.astype(np.float32), spread.astype(np.float32), l2)

    def place(self, histories: Sequence[NDArray[np.integer[Any]]]) -> Floats:
        """The vectors, of shape (histories, factors); 0 of a history without items."""
        placed = np.zeros((len(histories), self.items.shape[1]), np.float32)
        for first in range(0, len(histories), _BATCH):
            part = [self._step(history) for history in histories[first : first + _BATCH]]
            systems, aims = (np.stack(side) for side in zip(*part, strict=True))
            placed[first : first + len(part)] = np.linalg.solve(systems, aims[:, :, None])[:, :, 0]
        return placed

    def _step(self, history: NDArray[np.integer[Any]]) -> tuple[Floats, Floats]:
        """(curvature, aim)."""
        own = self.items[history] - self.middle
        n = max(len(own), 1)
        # The covariance of the history and d d' together: its second moment about the middle.
        curvature = (own.T @ own / np.float32(n) + self.spread) / np.float32(4.0)
        curvature[np.diag_indices_from(curvature)] += np.float32(self.l2)
        return curvature, own.sum(axis=0) / np.float32(2 * n)


def most_alike(items: Floats, code: int) -> Floats:
    """Each item's cosine with one item, -inf where it is not above 0, and of the item itself."""
    cosines = _unit(items) @ _unit(items[[code]])[0]
    cosines[code] = -np.inf
    return np.where(cosines > 0.0, cosines, -np.inf).astype(np.float32)


def likenesses(items: Floats) -> Floats:
    """The cosine of each with each, 0 where it is below."""
    unit = _unit(items)
    return np.asarray(np.clip(unit @ unit.T, 0.0, 1.0), np.float32)


def _unit(items: Floats) -> Floats:
    lengths = np.linalg.norm(items, axis=1, keepdims=True)
    return np.asarray(items / np.maximum(lengths, 1e-12), np.float32)
