"""Picking the best k of many scores."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]
Scores = NDArray[np.floating[Any]]

CELLS = 1 << 20
CELLS_IN_CACHE = 1 << 18
"""For scores that are summed bit by bit: more no longer fit the cache."""


def top_k(scores: Scores, k: int) -> NDArray[np.int64]:
    """Places of the k largest finite scores, best first, ties by place; fewer when there are fewer.

    A partial sort finds the k-th largest score, and only what reaches it is ordered.
    """
    if k < len(scores):
        kth = np.partition(scores, len(scores) - k)[len(scores) - k]
        places = np.flatnonzero((scores >= kth) & (scores > -np.inf))
    else:
        places = np.flatnonzero(scores > -np.inf)
    return places[np.argsort(-scores[places], kind="stable")[:k]]


def first_allowed(order: Codes, banned: Codes, k: int) -> Codes:
    """The first k codes of a ready order that are not banned."""
    head = order[: k + len(banned)]
    return head[~np.isin(head, banned)][:k]


class Slates:
    """Rows of at most k codes with scores, filled one user at a time; the rest is -1 and -inf.

    propensities: with what probability each code came to its place, given those above it; 1 unless
    something was drawn. drawn: whether it was drawn at random.
    """

    def __init__(self, users: int, k: int) -> None:
        self.codes = np.full((users, k), -1, np.int64)
        self.scores = np.full((users, k), -np.inf, np.float32)
        self.propensities = np.ones((users, k))
        self.drawn = np.zeros((users, k), np.bool_)

    def put(self, row: int, codes: Codes, scores: Scores) -> None:
        """Fill a row from its start."""
        self.codes[row, : len(codes)] = codes
        self.scores[row, : len(codes)] = scores

    def above(self, floor: float) -> "Slates":
        """Without what scores `floor` or less, which is at the end of a row."""
        below = self.scores <= floor
        self.codes[below] = -1
        self.scores[below] = -np.inf
        return self


def ban(scores: Scores, banned: Sequence[Codes]) -> None:
    """Give each row's banned codes the score -inf, in place."""
    for row, codes in zip(scores, banned, strict=True):
        row[codes] = -np.inf


def best_by(
    scores_of: Callable[[Sequence[NDArray[np.int64]]], Scores],
    histories: Sequence[NDArray[np.int64]],
    banned: Sequence[NDArray[np.int64]],
    k: int,
    *,
    width: int,
    cells: int = CELLS,
) -> Slates:
    """The best k of all items for each history, none of the row's banned ones among them.

    scores_of: gives scores of shape (histories, items), -inf where nothing speaks for an item, in
    an array that may be written to. width: how many numbers it holds for one history, `cells` how
    many at a time.
    """
    slates = Slates(len(histories), k)
    at_once = max(1, cells // max(1, width))
    for first in range(0, len(histories), at_once):
        part = slice(first, first + at_once)
        scores = scores_of(histories[part])
        ban(scores, banned[part])
        for row, values in enumerate(scores, start=first):
            best = top_k(values, k)
            slates.put(row, best, values[best])
    return slates
