"""What slates are made of, whoever likes it: how much of the catalogue, how popular, how alike.

`slates` are item codes of shape (users, k), -1 where a slate is shorter. A figure of a user who was
shown too little for it is NaN.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Slates = NDArray[np.int64]
PerUser = NDArray[np.float64]

_PAIRS = 50_000  # compared at once


def coverage(slates: Slates, n_items: int) -> float:
    """Share of the catalogue that is in anyone's slate, 0..1."""
    return float(np.count_nonzero(_exposures(slates, n_items)) / n_items)


def gini(slates: Slates, n_items: int) -> float:
    """Inequality of how often items are shown: 0 all alike, towards 1 one item alone.

    Over the whole catalogue, items never shown counting 0 (Gini 1912). NaN where nothing is shown.
    """
    shown = np.sort(_exposures(slates, n_items))
    if not shown.sum():
        return float("nan")
    ranks = np.arange(1, n_items + 1)
    return float((2 * ranks - n_items - 1) @ shown / (n_items * shown.sum()))


def novelty(slates: Slates, people: NDArray[np.int64], n_users: int) -> PerUser:
    """Mean self-information of the items shown, in bits (Zhou and others 2010).

    -log2 of the share of users who met the item in training; an item that nobody met counts as met
    by one.
    """
    return _mean(slates, -np.log2(np.maximum(people, 1) / n_users))


def popularity(slates: Slates, people: NDArray[np.int64], n_users: int) -> PerUser:
    """Mean share of users who met the items shown, 0..1."""
    return _mean(slates, people / n_users)


def popularity_lift(shown: PerUser, chosen: PerUser) -> PerUser:
    """How much more popular the items shown are than those that users chose: their ratio less 1.

    shown, chosen: mean popularity of each user's slate and of their history. The lift is of the two
    means over users (Abdollahpouri and others 2019); given back are the users' parts in it, whose
    mean is the lift and whose spread is its own to first order. NaN where the slate is empty.
    """
    both = ~(np.isnan(shown) | np.isnan(chosen))
    base = chosen[both].mean() if both.any() else np.nan
    ratio = shown[both].mean() / base if both.any() else np.nan
    return np.where(both, ratio - 1 + (shown - ratio * chosen) / base, np.nan)


def diversity(slates: Slates, matrix: sp.csr_matrix[np.float32]) -> PerUser:
    """Mean of 1 - likeness over all pairs of a slate (Ziegler and others 2005).

    Likeness is the cosine between the users of `matrix` (users x items) who met either item, so an
    item that nobody met is like no other. NaN for slates of fewer than two items.
    """
    first, second = np.triu_indices(slates.shape[1], k=1)
    pairs = np.sort(np.stack([slates[:, first], slates[:, second]], axis=-1), axis=-1)
    real = (pairs >= 0).all(axis=-1)
    distinct, places = np.unique(pairs[real], axis=0, return_inverse=True)
    apart = np.zeros(real.shape)
    apart[real] = 1.0 - _cosines(matrix, distinct)[places.ravel()]
    return _divide(apart.sum(axis=1), real.sum(axis=1))


def exposure_shares(
    slates: Slates, values: Sequence[Sequence[str]]
) -> dict[str, NDArray[np.float64]]:
    """For each value of an attribute, the share of each user's slate that has it.

    values: the values of each item code, none or several. Sorted by value.
    """
    names = sorted({value for of_item in values for value in of_item})
    has = {name: np.array([name in of_item for of_item in values], np.float64) for name in names}
    return {name: _mean(slates, has[name]) for name in names}


def _exposures(slates: Slates, n_items: int) -> NDArray[np.int64]:
    return np.bincount(slates[slates >= 0], minlength=n_items)


def _mean(slates: Slates, of_item: NDArray[np.floating]) -> PerUser:
    real = slates >= 0
    amounts = np.where(real, of_item[slates], 0.0)
    return _divide(amounts.sum(axis=1), real.sum(axis=1))


def _divide(sums: NDArray[np.float64], counts: NDArray[np.integer]) -> PerUser:
    whole = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=whole, where=counts > 0)
    return whole


def _cosines(matrix: sp.csr_matrix[np.float32], pairs: Slates) -> NDArray[np.float64]:
    items = sp.csr_matrix(matrix.T)
    lengths = np.sqrt(np.asarray(items.multiply(items).sum(axis=1)).ravel())
    products = np.zeros(len(pairs))
    for start in range(0, len(pairs), _PAIRS):
        left, right = pairs[start : start + _PAIRS].T
        both = items[left].multiply(items[right])
        products[start : start + _PAIRS] = np.asarray(both.sum(axis=1)).ravel()
    norms = lengths[pairs[:, 0]] * lengths[pairs[:, 1]]
    alike = np.zeros(len(pairs))
    np.divide(products, norms, out=alike, where=norms > 0)
    return alike
