"""The Dataset: behaviour with integer codes, in time order."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from recommenders.dataset.columns import (
    id_column,
    number_column,
    rating_column,
    time_column,
    value_column,
)
from recommenders.dataset.histories import Histories
from recommenders.dataset.vocabulary import Vocabulary
from recommenders.exceptions import EmptyDatasetError, InvalidRequestError, NotEnoughDataError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Rows of behaviour, oldest first: user `user_codes[r]` did something with `item_codes[r]`.

    users, items   the ids; codes are places in them. The catalogue may hold items nobody met yet
    values         an amount or a rating per row, NaN where a row has none; None without the column
    ratings        a rating per row, NaN where a row is none; None where there are none at all
    types          the type of each row (`click`, `purchase`, ...); None without the column
    catalogue      what is known of each item, one row per item code; None where nothing was given
    at             microseconds since 1970 UTC per row, or None: then rows keep the given order
    """

    users: Vocabulary
    items: Vocabulary
    user_codes: NDArray[np.int32]
    item_codes: NDArray[np.int32]
    values: NDArray[np.float64] | None = None
    ratings: NDArray[np.float64] | None = None
    types: NDArray[np.object_] | None = None
    catalogue: pd.DataFrame | None = None
    at: NDArray[np.int64] | None = None

    @classmethod
    def from_frames(
        cls,
        interactions: pd.DataFrame,
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
    ) -> "Dataset":
        """Read behaviour from pandas.

        interactions: columns user, item; optional value (finite; may be missing where type is not
        `rating`), rating (where there is none, the value of a row of type `rating`, or of any row
        where there are no types), at (date or seconds since 1970), type, label. Rows that are no
        behaviour are left out: label 0, or, where there is no label, type `impression` (having been
        shown an item is not liking it).
        items, users: optional frames with the column item (user) naming ids beyond those met. The
        other columns of items (title, text, categories, attributes) become the catalogue; of an
        item that is there twice the last row counts.

        Raises EmptyDatasetError, MissingIdError, IdTypeError or InvalidColumnError.
        """
        rows = _behaviour(interactions)
        if rows.empty:
            raise EmptyDatasetError("there is no behaviour to learn from: 0 usable rows")
        at = time_column(rows, "at") if "at" in rows else None
        order = np.arange(len(rows)) if at is None else np.argsort(at, kind="stable")
        user_codes, user_ids = _encode(rows, "user", users)
        item_codes, item_ids = _encode(rows, "item", items)
        unordered = cls(
            users=user_ids,
            items=item_ids,
            user_codes=user_codes,
            item_codes=item_codes,
            values=value_column(rows) if "value" in rows else None,
            ratings=rating_column(rows),
            types=rows["type"].to_numpy(dtype=object) if "type" in rows else None,
            catalogue=_catalogue(items, item_ids),
            at=at,
        )
        return unordered.rows(order)

    def __len__(self) -> int:
        return len(self.user_codes)

    @cached_property
    def matrix(self) -> sp.csr_matrix[np.float32]:
        """Users x items, 1.0 where the user met the item however often."""
        return self.histories.matrix(len(self.items))

    @cached_property
    def histories(self) -> Histories:
        """Each user's distinct items, oldest first."""
        return Histories.of(self.user_codes, self.item_codes, len(self.users), len(self.items))

    @cached_property
    def history_ratings(self) -> NDArray[np.float32] | None:
        """The newest rating of each item of the histories, NaN where its user gave none; None where
        nobody rated anything.
        """
        if self.ratings is None or np.isnan(self.ratings).all():
            return None
        rated = np.flatnonzero(~np.isnan(self.ratings))[::-1]
        pairs, newest = np.unique(
            self._pairs(self.user_codes, self.item_codes)[rated], return_index=True
        )
        owners = np.repeat(np.arange(self.n_users), self.histories.lengths)
        wanted = self._pairs(owners, self.histories.items)
        places = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        found = self.ratings[rated[newest[places]]]
        return np.where(pairs[places] == wanted, found, np.nan).astype(np.float32)

    def _pairs(
        self, users: NDArray[np.integer[Any]], items: NDArray[np.integer[Any]]
    ) -> NDArray[np.int64]:
        return users.astype(np.int64) * max(self.n_items, 1) + items

    @cached_property
    def people(self) -> NDArray[np.int64]:
        """How many different users met each item, per item code."""
        return np.bincount(self.histories.items, minlength=len(self.items)).astype(np.int64)

    @property
    def n_interactions(self) -> int:
        return len(self)

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def first_at(self) -> datetime | None:
        """Time of the oldest row (aware, UTC), or None where rows have no time."""
        return None if self.at is None else _EPOCH + timedelta(microseconds=int(self.at[0]))

    @property
    def last_at(self) -> datetime | None:
        """Time of the newest row (aware, UTC), or None where rows have no time."""
        return None if self.at is None else _EPOCH + timedelta(microseconds=int(self.at[-1]))

    def most_popular(self, n: int) -> list[str]:
        """At most n items that somebody met, those of the most people first, ties by id."""
        order = np.argsort(-self.people, kind="stable")[:n]
        return list(self.items.ids(order[self.people[order] > 0]))

    def split_by_time(self, fraction: float) -> tuple["Dataset", "Dataset"]:
        """(train, held_out): the oldest `fraction` of the rows, 0 < fraction < 1, and the rest.

        Both keep all ids, so codes mean the same in both; a user or item first met in the held-out
        part simply has no behaviour in train. Each part gets at least one row. Raises
        InvalidRequestError for another fraction, NotEnoughDataError for a single row.
        """
        if not 0.0 < fraction < 1.0:
            raise InvalidRequestError(f"the training fraction is {fraction}; give one inside 0..1")
        if len(self) < 2:
            raise NotEnoughDataError("1 row cannot be split into a training and a held-out part")
        cut = min(max(round(len(self) * fraction), 1), len(self) - 1)
        return self.rows(slice(None, cut)), self.rows(slice(cut, None))

    def split_at(self, moment: datetime) -> tuple["Dataset", "Dataset"]:
        """The rows up to this time, and those after it; either may be empty, and both keep all ids.

        Raises NotEnoughDataError where rows have no time.
        """
        if self.at is None:
            raise NotEnoughDataError("rows without times cannot be split at one")
        micros = (moment - _EPOCH) // timedelta(microseconds=1)
        cut = int(np.searchsorted(self.at, micros, side="right"))
        return self.rows(slice(None, cut)), self.rows(slice(cut, None))

    def rows(self, part: slice | NDArray[np.integer[Any]] | NDArray[np.bool_]) -> "Dataset":
        """These rows with all ids, so that codes keep their meaning."""
        per_row = ("user_codes", "item_codes", "values", "ratings", "types", "at")
        arrays = {name: getattr(self, name) for name in per_row}
        cut: dict[str, Any] = {n: None if one is None else one[part] for n, one in arrays.items()}
        return replace(self, **cut)


def _behaviour(interactions: pd.DataFrame) -> pd.DataFrame:
    if "label" in interactions:
        return interactions[number_column(interactions, "label") > 0]
    if "type" in interactions:
        return interactions[(interactions["type"] != "impression").to_numpy(dtype=bool)]
    return interactions


def _encode(
    rows: pd.DataFrame, name: str, known: pd.DataFrame | None
) -> tuple[NDArray[np.int32], Vocabulary]:
    places, distinct = pd.factorize(id_column(rows, name))
    extra = [] if known is None or known.empty else list(id_column(known, name))
    vocabulary = Vocabulary.of([*distinct, *extra])
    return vocabulary.codes(list(distinct))[places].astype(np.int32), vocabulary


def _catalogue(items: pd.DataFrame | None, known: Vocabulary) -> pd.DataFrame | None:
    if items is None or items.empty or len(items.columns) < 2:
        return None
    described = items.assign(item=id_column(items, "item")).drop_duplicates("item", keep="last")
    in_order = described.set_index("item").reindex(list(known.ids(np.arange(len(known)))))
    return in_order.reset_index(drop=True)
