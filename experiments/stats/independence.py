"""Does where a user stands in one experiment tell where the user stands in another?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.stats.arrays import Array
from experiments.stats.exceptions import SampleError
from experiments.stats.reasons import Reason
from experiments.stats.srm import EXPECTED_NEEDED

Users: TypeAlias = Sequence[Sequence[float]] | NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Independence:
    """`p_value` is None, with a `reason`, where no table has enough users."""

    p_value: float | None
    reason: Reason | None


def independence(tables: Sequence[Users]) -> Independence:
    """Pearson's chi-square of rows against columns, over tables of disjoint users.

    Each table holds users, of shape (rows, columns) of its own; chi-squares and their degrees of
    freedom add, so a ratio that changes from one table to the next is no dependence. Rows and
    columns in which a cell would expect fewer than 5 users are left out of their table, the
    smallest first; that looks at margins alone, and so tells nothing of the dependence. It is for
    one look. Raises SampleError for what is no table of counts.
    """
    distance, df = 0.0, 0
    for given in tables:
        table = dense(accept_table(given))
        if table.size:
            expected = expected_counts(table)
            distance += float(((table - expected) ** 2 / expected).sum())
            df += (table.shape[0] - 1) * (table.shape[1] - 1)
    if df == 0:
        return Independence(p_value=None, reason=Reason.TOO_FEW_USERS)
    return Independence(p_value=float(special.chdtrc(df, distance)), reason=None)


def dense(table: Array) -> Array:
    """The part of the table in which every cell expects 5 users; of size 0 where there is none."""
    while min(table.shape) >= 2 and expected_counts(table).min() < EXPECTED_NEEDED:
        rows, columns = table.sum(axis=1), table.sum(axis=0)
        axis = 0 if rows.min() <= columns.min() else 1
        table = np.delete(table, int((rows, columns)[axis].argmin()), axis)
    return table if min(table.shape) >= 2 else np.empty((0, 0))


def expected_counts(table: Array) -> Array:
    """The users of each cell if rows and columns told nothing of each other."""
    everyone = max(table.sum(), 1.0)
    return np.asarray(table.sum(axis=1, keepdims=True) * table.sum(axis=0) / everyone)


def accept_table(given: Users) -> Array:
    """`given` as a float array. Raises SampleError."""
    try:
        table: Array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SampleError("tables", "must each be numbers, as many in every row") from None
    if table.ndim != 2:
        raise SampleError("tables", "must each have rows and columns")
    if not (np.isfinite(table) & (table >= 0)).all():
        raise SampleError("tables", "must be finite and not negative")
    return table
