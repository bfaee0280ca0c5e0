"""Cutting behaviour into a part to fit on and a part to measure on. All parts keep all ids."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommenders.dataset import Dataset
from recommenders.exceptions import ProtocolError

_DAY = 86_400_000_000  # microseconds


def random_by_item(data: Dataset, shares: Sequence[float], *, seed: int) -> list[Dataset]:
    """As many parts as shares, each item's rows shuffled and cut, so every part knows most items.

    The cut falls at the rounded number of rows (an even one at a half), as in the stratified
    split of Microsoft's recommenders: an item of one row is wholly in the first part that
    rounds to one. Raises ProtocolError where the shares do not add to 1.
    """
    return _random(data, data.item_codes, shares, seed)


def random_by_user(data: Dataset, shares: Sequence[float], *, seed: int) -> list[Dataset]:
    """As `random_by_item`, by the rows of each user."""
    return _random(data, data.user_codes, shares, seed)


def last_of_each(data: Dataset) -> tuple[Dataset, Dataset]:
    """Each user's newest row is held out; users of a single row stay in train (leave-one-out).

    Raises ProtocolError where nobody has two rows.
    """
    users, from_the_end = np.unique(data.user_codes[::-1], return_index=True)
    several = np.bincount(data.user_codes)[users] > 1
    if not several.any():
        raise ProtocolError("protocol", "nobody has two rows, so no last one can be held out")
    held_out = np.zeros(len(data), bool)
    held_out[len(data) - 1 - from_the_end[several]] = True
    return data.rows(~held_out), data.rows(held_out)


def last_days(data: Dataset, days: float) -> tuple[Dataset, Dataset]:
    """The rows of the last `days` times 24 hours are held out, up to the newest row.

    Raises ProtocolError where rows have no time, or one part would be empty.
    """
    if data.at is None or not len(data):
        raise ProtocolError("days", "the rows have no time, so no days can be held out")
    older = data.at <= data.at[-1] - int(days * _DAY)
    if not older.any():
        raise ProtocolError("days", f"all behaviour lies in the last {days:g} days; hold out fewer")
    return data.rows(older), data.rows(~older)


def _random(
    data: Dataset, groups: NDArray[np.int32], shares: Sequence[float], seed: int
) -> list[Dataset]:
    if any(share <= 0 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise ProtocolError("held_out", f"shares {list(shares)} must be above 0 and add to 1")
    order = np.lexsort((np.random.default_rng(seed).random(len(data)), groups))
    counts = np.bincount(groups)
    starts = np.cumsum(counts) - counts
    place = np.empty(len(data), np.int64)
    place[order] = np.arange(len(data)) - starts[groups[order]]
    cuts = np.round(np.outer(np.cumsum(shares), counts)).astype(np.int64)
    part = (place >= cuts[:-1, groups]).sum(axis=0)
    return [data.rows(part == number) for number in range(len(shares))]
