"""Reading pandas columns into arrays, refusing what would silently train nonsense."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.exceptions import IdTypeError, InvalidColumnError, MissingIdError

_INTEGERS = (int, np.integer)


def id_column(frame: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """The ids of a column as str; a column of integers only becomes their decimal digits.

    Raises InvalidColumnError when there is no such column, MissingIdError for NaN, None and empty
    strings, IdTypeError for mixed types, floats and ids holding a NUL character.
    """
    column = _column(frame, name)
    _refuse_missing(column, name)
    values = column.to_numpy(dtype=object)
    kinds = {"int" if issubclass(kind, _INTEGERS) else kind.__name__ for kind in _types(values)}
    if kinds == {"int"}:
        return np.array([str(value) for value in values], dtype=object)
    if kinds - {"str"}:
        raise IdTypeError(
            name, f"ids must all be strings or all be whole numbers, not {', '.join(sorted(kinds))}"
        )
    _refuse_unusable(values, name)
    return values


def time_column(frame: pd.DataFrame, name: str) -> NDArray[np.int64]:
    """Microseconds since 1970 UTC, from dates or ISO 8601 text (without a zone: UTC), or from
    seconds since 1970.

    Raises InvalidColumnError where a row has no time or one that cannot be read.
    """
    column = _column(frame, name)
    if pd.api.types.is_numeric_dtype(column):
        return np.round(number_column(frame, name) * 1e6).astype(np.int64)
    try:
        times = pd.to_datetime(column, utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise InvalidColumnError(name, f"not a time: {error}") from error
    if times.isna().any():
        raise InvalidColumnError(name, f"{int(times.isna().sum())} rows have no time")
    return np.asarray(times.dt.as_unit("us").astype("int64"), np.int64)


def number_column(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Finite numbers; raises InvalidColumnError for text, NaN and infinities."""
    try:
        column = _column(frame, name).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InvalidColumnError(name, f"not a number: {error}") from error
    values = np.asarray(column, np.float64)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise InvalidColumnError(name, f"{bad} rows are NaN or infinite; drop or fill them first")
    return values


def rating_column(frame: pd.DataFrame) -> NDArray[np.float64] | None:
    """Ratings, NaN in rows that are none: the column `rating`, else the values of ratings.

    None where the frame has neither column. Raises InvalidColumnError.
    """
    if "rating" in frame:
        return value_column(frame, "rating")
    if "value" not in frame:
        return None
    values = value_column(frame)
    return values if "type" not in frame else np.where(_rated(frame), values, np.nan)


def value_column(frame: pd.DataFrame, name: str = "value") -> NDArray[np.float64]:
    """The column of amounts or ratings, NaN where an event that is no rating carries none.

    A log holds clicks beside ratings, and only a rating means nothing without its value. Without a
    column `type` every row must have one. Raises InvalidColumnError.
    """
    if "type" not in frame:
        return number_column(frame, name)
    absent = frame[name].isna().to_numpy(dtype=bool)
    if missing := int((absent & _rated(frame)).sum()):
        raise InvalidColumnError(name, f"{missing} ratings have no value")
    values = np.full(len(frame), np.nan)
    values[~absent] = number_column(frame[~absent], name)
    return values


def _rated(frame: pd.DataFrame) -> NDArray[np.bool_]:
    return (frame["type"] == "rating").to_numpy(dtype=bool)


def _column(frame: pd.DataFrame, name: str) -> "pd.Series[Any]":
    if name not in frame.columns:
        raise InvalidColumnError(name, f"absent; there are: {', '.join(map(str, frame.columns))}")
    return frame[name]


def _refuse_missing(column: "pd.Series[Any]", name: str) -> None:
    missing = (column.isna() | (column == "")).to_numpy(dtype=bool)
    if missing.any():
        first = int(np.argmax(missing))
        raise MissingIdError(
            name, f"{int(missing.sum())} rows have no id, the first at position {first}; drop them"
        )


def _refuse_unusable(values: NDArray[np.object_], name: str) -> None:
    unusable = sum("\0" in value for value in values)
    if unusable:
        raise IdTypeError(name, f"{unusable} ids hold a NUL character, which no id may")


def _types(values: Iterable[object]) -> set[type]:
    return {type(value) for value in values}
