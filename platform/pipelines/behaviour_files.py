"""Behaviour from a file instead of the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from recommenders.dataset import Dataset
from recommenders.exceptions import DatasetError

_TEXT = {"user": str, "item": str, "type": str}
_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: pd.read_csv(
        path, dtype=_TEXT, keep_default_na=False, na_values={"value": [""], "rating": [""]}
    ),
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False),
    ".parquet": pd.read_parquet,
}


def read(behaviour: Path, items: Path | None = None) -> Dataset:
    """Behaviour of columns user, item and, if there, at, type, value, rating; and a catalogue of
    items. Raises DatasetError naming the file and what is wrong.
    """
    described = None if items is None else _frame(items)
    frame = _frame(behaviour)
    try:
        return Dataset.from_frames(frame, items=described)
    except DatasetError as error:
        raise DatasetError(f"{behaviour.name}: {error}") from error


def _frame(path: Path) -> pd.DataFrame:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(f"{path.name}: the extension must be one of {', '.join(_READERS)}")
    try:
        return reader(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path.name} cannot be read: {error}") from error
