"""Behaviour that counts less the longer ago it was."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.config import hyperparameter
from recommenders.dataset import Dataset
from recommenders.exceptions import NotEnoughDataError

_DAY = 86_400_000_000  # microseconds


def half_life(default: float) -> Any:
    """The hyper-parameter of algorithms whose behaviour fades."""
    return hyperparameter(
        default,
        low=0.0,
        high=36_500.0,
        help="After how many days behaviour counts half; at 0 all counts alike, however old.",
        search=(7.0, 365.0),
        log=True,
    )


def faded(at: NDArray[np.int64] | None, n: int, half_life_days: float) -> NDArray[np.float64]:
    """What each of n rows counts: 1 of the newest, half as much each half-life before it.

    at: microseconds per row. Raises NotEnoughDataError where rows that fade have no time.
    """
    if not half_life_days:
        return np.ones(n)
    if at is None:
        raise NotEnoughDataError(
            "the rows have no time ('at'), so nothing can fade; set half_life_days to 0"
        )
    age = (at.max(initial=0) - at) / (half_life_days * _DAY)
    return np.asarray(np.exp2(-age), np.float64)


def entries(data: Dataset) -> NDArray[np.int64]:
    """Of each row, the place of its user and item among `data.histories.items`."""
    owners = np.repeat(np.arange(data.n_users), data.histories.lengths)
    known = owners.astype(np.int64) * data.n_items + data.histories.items
    order = np.argsort(known)
    asked = data.user_codes.astype(np.int64) * data.n_items + data.item_codes
    return order[np.searchsorted(known, asked, sorter=order)]


def newest(data: Dataset) -> NDArray[np.int64] | None:
    """When each user last met each item of the histories; None where rows have no time."""
    if data.at is None:
        return None
    times = np.zeros(len(data.histories.items), np.int64)
    times[:] = np.iinfo(np.int64).min
    np.maximum.at(times, entries(data), data.at)
    return times
