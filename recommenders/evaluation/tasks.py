"""Who is asked, what they had met, and what they met next."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommenders.dataset import Dataset, Vocabulary
from recommenders.exceptions import EvaluationError

Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tasks:
    """One task per user with a history in `train` and something relevant in the held-out part.

    users    their ids
    people   their codes in `train`
    items    all ids of both parts; every item code here is a place in it
    owners   the task of each relevant item, ascending; `relevant` are those items
    repeats  whether items of the history may be shown again, and are relevant
    """

    train: Dataset
    users: list[str]
    people: Codes
    items: Vocabulary
    owners: Codes
    relevant: Codes
    repeats: bool

    @property
    def counts(self) -> Codes:
        """Number of relevant items of each user."""
        return np.bincount(self.owners, minlength=len(self.users))

    @cached_property
    def places(self) -> Codes:
        """For each item code of `train` the code here."""
        return self.train.items.places_in(self.items).astype(np.int64)

    @cached_property
    def met_by(self) -> Codes:
        """How many users met each item in train."""
        people = np.zeros(len(self.items), np.int64)
        people[self.places] = self.train.people
        return people

    def history(self, task: int) -> Codes:
        """What the user had met, oldest first."""
        return self.places[self.train.histories[int(self.people[task])]]

    def histories(self, first: int, last: int) -> dict[str, list[str]]:
        """What the users of these tasks had met, by id."""
        return {
            self.users[task]: list(self.items.ids(self.history(task)))
            for task in range(first, last)
        }

    def is_relevant(self, slates: Codes) -> NDArray[np.bool_]:
        """Whether each item of slates of shape (users, k) is relevant to its user; -1 never is."""
        wanted = _pairs(self.owners, self.relevant, self.items)
        shown = _pairs(np.arange(len(slates))[:, None], slates, self.items)
        return np.isin(shown, wanted) & (slates >= 0)


def tasks(train: Dataset, held_out: Dataset, *, repeats: bool = False) -> Tasks:
    """Relevant is what a user met in held_out: of it, unless `repeats`, what they had not met.

    Raises EvaluationError where no user is left.
    """
    items = train.items.union(held_out.items)
    met = held_out.items.places_in(items)[held_out.histories.items].astype(np.int64)
    owners = np.repeat(np.arange(held_out.n_users), held_out.histories.lengths)
    known = train.users.codes(list(held_out.users.ids(np.arange(held_out.n_users))))
    counted = (known >= 0) & (train.histories.lengths[known] > 0)
    keep = counted[owners]
    if not repeats:
        keep &= ~np.isin(_pairs(known[owners], met, items), _seen(train, items))
    if not keep.any():
        what = "did anything" if repeats else "did anything new"
        raise EvaluationError(f"no user with a history {what} in the held-out part")
    users, places = np.unique(owners[keep], return_inverse=True)
    return Tasks(
        train=train,
        users=list(held_out.users.ids(users)),
        people=known[users],
        items=items,
        owners=places.astype(np.int64),
        relevant=met[keep],
        repeats=repeats,
    )


def _seen(train: Dataset, items: Vocabulary) -> Codes:
    owners = np.repeat(np.arange(train.n_users), train.histories.lengths)
    return _pairs(owners, train.items.places_in(items)[train.histories.items], items)


def _pairs(users: Codes, codes: NDArray[np.integer], items: Vocabulary) -> Codes:
    return users.astype(np.int64) * len(items) + codes
