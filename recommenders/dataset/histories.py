"""What each user did, as one flat array and where each user's part of it begins."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Histories:
    """Item codes of every user, oldest first, each item once at its latest time.

    User `u` has `items[starts[u]:starts[u + 1]]`: the layout of a CSR matrix, kept in time order.
    Both arrays may be memory-mapped.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int32]

    @classmethod
    def of(
        cls, users: NDArray[np.int32], items: NDArray[np.int32], n_users: int, n_items: int
    ) -> "Histories":
        """Histories of rows already in time order.

        An item met again moves to its latest place: what a person did last says most about what
        they do next, and an item is new to them only once.
        """
        pairs = users.astype(np.int64) * max(n_items, 1) + items
        _, from_the_end = np.unique(pairs[::-1], return_index=True)
        rows = np.sort(len(pairs) - 1 - from_the_end)
        rows = rows[np.argsort(users[rows], kind="stable")]
        counts = np.bincount(users[rows], minlength=n_users)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(starts, items[rows].astype(np.int32))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, user: int) -> NDArray[np.int32]:
        """The history of a user code; an unknown user (-1) has none."""
        if user < 0:
            return self.items[:0]
        return self.items[self.starts[user] : self.starts[user + 1]]

    def matrix(self, n_items: int) -> sp.csr_matrix[np.float32]:
        """Users x items, 1.0 where the user met the item."""
        ones = np.ones(len(self.items), np.float32)
        return sp.csr_matrix((ones, self.items, self.starts), shape=(len(self), n_items))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of distinct items of each user."""
        return np.diff(self.starts)
