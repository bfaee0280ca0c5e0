"""Behaviour whose answers are known by construction."""

import pandas as pd

from recommenders.dataset import Dataset

# Two tastes that share nothing. Within a taste every item is met by a known number of people:
#   a1 4, a2 3, a3 2, a4 1   and   b1 3, b2 2, b3 1
ROWS = [
    ("u1", "a1"), ("u1", "a2"), ("u1", "a3"), ("u1", "a4"),
    ("u2", "a1"), ("u2", "a2"), ("u2", "a3"),
    ("u3", "a1"), ("u3", "a2"),
    ("u4", "a1"),
    ("v1", "b1"), ("v1", "b2"), ("v1", "b3"),
    ("v2", "b1"), ("v2", "b2"),
    ("v3", "b1"),
]  # fmt: skip
POPULAR = ["a1", "a2", "b1", "a3", "b2", "a4", "b3"]


def frame(rows: list[tuple[str, str]] = ROWS) -> pd.DataFrame:
    """Rows of (user, item), one second apart."""
    table = pd.DataFrame(rows, columns=["user", "item"])
    table["at"] = pd.date_range("2025-01-01", periods=len(rows), freq="s", tz="UTC")
    return table


def dataset(rows: list[tuple[str, str]] = ROWS, *, values: bool = False) -> Dataset:
    """The rows as a Dataset; with values, each is rated 5, 4, 3, 2, 5, 4, ... in turn."""
    table = frame(rows)
    if values:
        table["value"] = [5.0 - n % 4 for n in range(len(rows))]
    return Dataset.from_frames(table)
