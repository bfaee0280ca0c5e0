"""From the ids of a call to the codes that algorithms work on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.dataset import Histories, Vocabulary
from recommenders.exceptions import InvalidRequestError

ItemCodes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One history (known items, each once, oldest first) and one set of banned codes per user."""

    histories: list[ItemCodes]
    banned: list[ItemCodes]

    def without(self, codes: ItemCodes) -> "Asked":
        """With these banned for everybody too."""
        banned = [np.concatenate([mine, codes]) for mine in self.banned]
        return Asked(histories=self.histories, banned=banned)


def read(
    users: Sequence[str],
    k: int,
    given: Mapping[str, Sequence[str]] | Sequence[Sequence[str]] | None,
    exclude: Sequence[str] | None,
    exclude_seen: bool,
    items: Vocabulary,
    people: Vocabulary,
    kept: Histories,
) -> Asked:
    """Check the arguments of `recommend` and code them. Raises InvalidRequestError."""
    if isinstance(users, str):
        raise InvalidRequestError(f"users is one string, {users!r}; give a list of ids")
    if k < 1:
        raise InvalidRequestError(f"k is {k}; ask for at least 1 item")
    coded = histories(users, given, items, people, kept)
    everyone = items.codes(exclude or [])
    everyone = everyone[everyone >= 0]
    if not exclude_seen:
        return Asked(histories=coded, banned=[everyone] * len(users))
    banned = [
        np.concatenate([everyone, history, kept[user]])
        for history, user in zip(coded, people.codes(users), strict=True)
    ]
    return Asked(histories=coded, banned=banned)


def histories(
    users: Sequence[str],
    given: Mapping[str, Sequence[str]] | Sequence[Sequence[str]] | None,
    items: Vocabulary,
    people: Vocabulary,
    kept: Histories,
) -> list[ItemCodes]:
    """The history of each user: the given one, else the one kept from training."""
    if given is not None and not isinstance(given, Mapping):
        if len(given) != len(users):
            raise InvalidRequestError(f"{len(given)} histories for {len(users)} users")
        return [_codes(history, items) for history in given]
    return [
        kept[int(code)].astype(np.int64)
        if given is None or user not in given
        else _codes(given[user], items)
        for user, code in zip(users, people.codes(users), strict=True)
    ]


def _codes(history: Sequence[str], items: Vocabulary) -> ItemCodes:
    if isinstance(history, str):
        raise InvalidRequestError(f"a history is one string, {history!r}; give a list of ids")
    # An item met again counts once, at its latest place, as in training.
    latest = list(dict.fromkeys(reversed(history)))[::-1]
    codes = items.codes(latest)
    return codes[codes >= 0]
