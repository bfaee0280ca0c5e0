"""Scalars and arrays alike: how numbers come in, and how they go out again."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.stats.exceptions import SampleError

Array: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Number: TypeAlias = float | Array
"""What results are: a float, or an array of them."""

Numbers: TypeAlias = float | Array | NDArray[np.int64]
"""What sums may be given as. Arrays become float64."""

TOO_LARGE = f"must not be above {np.finfo(np.float64).max:.2g}, the largest float"


def accept(value: object, *, field: str) -> Numbers:
    """`value` as an int, a float or a float64 array. Raises SampleError unless all is finite."""
    try:
        array: Array = np.asarray(value, dtype=np.float64)
    except OverflowError:
        raise SampleError(field, TOO_LARGE) from None
    except (TypeError, ValueError):
        raise SampleError(
            field, f"must be a number or an array of numbers, not {value!r}"
        ) from None
    if not np.isfinite(array).all():
        raise SampleError(field, "must be finite")
    if isinstance(value, int):
        return int(value)
    return array if array.ndim else float(array)


def values(numbers: Numbers) -> Array:
    """The numbers as a float64 array; of no dimension for a scalar."""
    return np.asarray(numbers, dtype=np.float64)


def give(array: Array) -> Number:
    """A plain float for a scalar, the array itself otherwise."""
    return array if np.ndim(array) else float(array)


def give_object(array: NDArray[Any]) -> Any:
    """The object itself for a scalar, the array of objects otherwise."""
    return array if array.ndim else array.item()
