"""Pairs of items in people's histories, weighed by how far they are apart."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.algorithms.base import Progress
from recommenders.dataset import Histories

_PAIRS = 1 << 22  # pairs held at once before they are summed

Matrix = sp.csr_matrix[np.float64]
Chunk = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]


@dataclass(frozen=True)
class Distance:
    """A pair g places apart, 1 <= g <= window, counts g^-power; read backward, `backward` times
    that.
    """

    window: int
    power: float
    backward: float


def co_occurrences(
    histories: Histories, n_items: int, distance: Distance, progress: Progress
) -> sp.csr_matrix[np.float64]:
    """Items x items: entry [j, i] sums the pairs with i after j, and `backward` times those
    with i before j, over all people. `progress` is told of less than 1.
    """
    shape = (n_items, n_items)
    forward: Matrix = sp.csr_matrix(shape, dtype=np.float64)
    for fraction, (first, second, weights) in _chunks(histories, distance):
        forward = forward + sp.csr_matrix((weights, (first, second)), shape=shape)
        progress(0.9 * fraction, "Counted pairs of items", None)
    both = forward + distance.backward * forward.T if distance.backward else forward
    both = sp.csr_matrix(both)
    both.sum_duplicates()
    both.sort_indices()
    return both


def _chunks(histories: Histories, distance: Distance) -> Iterator[tuple[float, Chunk]]:
    """(fraction done, pairs): each pair once, the earlier item first."""
    furthest = min(distance.window, int(histories.lengths.max(initial=1)) - 1)
    waiting: list[Chunk] = []
    held = 0
    for gap in range(1, furthest + 1):
        waiting.append(_at(histories, gap, distance.power))
        held += len(waiting[-1][0])
        if held >= _PAIRS or gap == furthest:
            first, second, weights = (np.concatenate(part) for part in zip(*waiting, strict=True))
            yield gap / furthest, (first, second, weights)
            waiting, held = [], 0


def _at(histories: Histories, gap: int, power: float) -> Chunk:
    owners = np.repeat(np.arange(len(histories)), histories.lengths)
    same = owners[gap:] == owners[:-gap]
    first, second = histories.items[:-gap][same], histories.items[gap:][same]
    return first, second, np.full(len(first), float(gap) ** -power)
