"""Non-negative elastic nets of every item on all others, solved together."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_BLOCK = 32  # coordinates between two products of whole matrices

Matrix = NDArray[np.float32]


def solve(
    gram: Matrix,
    *,
    l1: float,
    l2: float,
    sweeps: int,
    tolerance: float = 1e-3,
    told: Callable[[int, float], None] = lambda sweep, largest: None,
) -> Matrix:
    """W >= 0 with a zero diagonal that minimises, for each column w of it beside g of the Gram
    matrix G, w G w / 2 - g w + l2 |w|^2 / 2 + l1 sum(w).

    Coordinate descent, one coordinate of all columns at a time, which is a row of W; the residuals
    of a block of rows come from one matrix product and are kept up to date inside the block. Ends
    after `sweeps` passes, or when no weight moved by `tolerance`. told(passes, largest move).
    """
    weights = np.zeros_like(gram)
    for sweep in range(1, sweeps + 1):
        largest = 0.0
        for first in range(0, len(gram), _BLOCK):
            rows = slice(first, first + _BLOCK)
            largest = max(largest, _descend(gram, weights, rows, l1, l2))
        told(sweep, largest)
        if largest < tolerance:
            break
    return weights


def _descend(gram: Matrix, weights: Matrix, rows: slice, l1: float, l2: float) -> float:
    """Brings some rows of the weights to their best given all others; the largest move."""
    residual = gram[rows] - gram[rows] @ weights
    within = gram[rows, rows]
    largest = 0.0
    for place, own in enumerate(weights[rows]):
        diagonal = within[place, place]
        best = (residual[place] + diagonal * own - np.float32(l1)) / np.float32(diagonal + l2)
        np.maximum(best, 0.0, out=best)
        best[rows.start + place] = 0.0
        move = best - own
        moved = float(np.abs(move).max())
        if moved > 0.0:
            residual -= np.outer(within[:, place], move)
            own[:] = best
            largest = max(largest, moved)
    return largest
