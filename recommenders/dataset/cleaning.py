"""What is left out before a training, rule by rule, each with how many rows it cost. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

LATEST = timedelta(days=1)
"""How far a clock may be ahead before its time is taken for none."""

Keep = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """`most_a_day` interactions of one user on one day of UTC are taken for a person's. Ratings lie
    between `lowest_rating` and `highest_rating`, where those are known. Items are those in
    `catalogue`; None takes any.
    """

    most_a_day: int = 1000
    lowest_rating: float | None = None
    highest_rating: float | None = None
    catalogue: Collection[str] | None = None


def clean(
    frame: pd.DataFrame, bounds: Bounds, *, now: datetime
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows of user, item, at, type, value that can be learned from, in their order, and how many
    each rule left out of what the rules before it had left.
    """
    dropped: dict[str, int] = {}
    for name, keep in _rules(bounds, now).items():
        kept = frame[keep(frame).to_numpy(dtype=bool)] if len(frame) else frame
        dropped[name] = len(frame) - len(kept)
        frame = kept
    return frame, dropped


def _rules(bounds: Bounds, now: datetime) -> dict[str, Keep]:
    """In the order in which they act: what is sent twice must not make a rate absurd."""
    return {
        "duplicate": lambda rows: ~rows.duplicated(["user", "item", "type", "at"]),
        "absurd_rate": lambda rows: _per_day(rows) <= bounds.most_a_day,
        "unknown_item": lambda rows: _known(rows, bounds.catalogue),
        "no_value": lambda rows: (rows["type"] != "rating") | rows["value"].notna(),
        "value_out_of_range": lambda rows: _in_range(rows, bounds),
        "time_out_of_range": lambda rows: rows["at"] <= now + LATEST,
    }


def _per_day(rows: pd.DataFrame) -> pd.Series[int]:
    """How much the user of each row did on its day."""
    return rows.groupby(["user", rows["at"].dt.floor("D")])["item"].transform("size")


def _known(rows: pd.DataFrame, catalogue: Collection[str] | None) -> pd.Series[bool]:
    if catalogue is None:
        return pd.Series(True, index=rows.index)
    return rows["item"].isin(catalogue)


def _in_range(rows: pd.DataFrame, bounds: Bounds) -> pd.Series[bool]:
    """A finite amount of at least 0, or none; of ratings the bounds, which may allow any number."""
    values, rated = rows["value"], rows["type"] == "rating"
    low = -np.inf if bounds.lowest_rating is None else bounds.lowest_rating
    high = np.inf if bounds.highest_rating is None else bounds.highest_rating
    finite = ~values.isin([np.inf, -np.inf])
    amount = values.isna() | (values >= 0)
    return finite & values.between(low, high).where(rated, amount)
