"""The rows of a prediction frame, grouped so that each history is encoded once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.algorithms import requests
from recommenders.dataset import Histories, Vocabulary
from recommenders.dataset.columns import id_column
from recommenders.exceptions import InvalidColumnError

Group = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """items: code per row, -1 where unknown. groups: a history and the places of its rows, known
    items only.
    """

    items: NDArray[np.int64]
    groups: list[Group]


def read(frame: pd.DataFrame, items: Vocabulary, users: Vocabulary, kept: Histories) -> Rows:
    """Code a frame with the columns user, item and, if there, history."""
    if frame.empty:
        return Rows(items=np.empty(0, np.int64), groups=[])
    people = list(id_column(frame, "user"))
    codes = items.codes(list(id_column(frame, "item")))
    if "history" in frame:
        groups = list(_by_history(frame, people, items, users, kept))
    else:
        groups = list(_by_user(people, items, users, kept))
    known = [(history, places[codes[places] >= 0]) for history, places in groups]
    return Rows(items=codes, groups=known)


def _by_user(
    people: list[str], items: Vocabulary, users: Vocabulary, kept: Histories
) -> Iterator[Group]:
    group, distinct = pd.factorize(np.array(people, dtype=object))
    histories = requests.histories(list(distinct), None, items, users, kept)
    return zip(histories, _places(group, len(distinct)), strict=True)


def _by_history(
    frame: pd.DataFrame, people: list[str], items: Vocabulary, users: Vocabulary, kept: Histories
) -> Iterator[Group]:
    column = frame["history"].tolist()
    bad = sum(not isinstance(one, list | tuple | np.ndarray) for one in column)
    if bad:
        raise InvalidColumnError("history", f"{bad} rows hold no list of item ids")
    group, distinct = pd.factorize(pd.Series([tuple(one) for one in column], dtype=object))
    given = requests.histories(people[: len(distinct)], list(distinct), items, users, kept)
    return zip(given, _places(group, len(distinct)), strict=True)


def _places(group: NDArray[np.int64], groups: int) -> list[NDArray[np.int64]]:
    order = np.argsort(group, kind="stable")
    return np.split(order, np.cumsum(np.bincount(group, minlength=groups))[:-1])
