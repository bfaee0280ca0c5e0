"""What every algorithm is to its callers: the contract of tests/recommenders/contract.py."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms import artefact, requests
from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.config import Config
from recommenders.algorithms.ranking import Slates
from recommenders.algorithms.reasons import Reason
from recommenders.dataset import Dataset, Histories, Vocabulary
from recommenders.exceptions import ArtefactError, EmptyDatasetError, NotFittedError

# progress(fraction done in 0..1, what is being done, a point of the training curve or None)
Progress = Callable[[float, str, "dict[str, float] | None"], None]
C = TypeVar("C", bound=Config)
Given = Mapping[str, Sequence[str]] | Sequence[Sequence[str]] | None


class Algorithm(ABC, Generic[C]):
    """A trainable recommender.

    An algorithm writes `_fit`, `_rank`, `_explain`, `_arrays` and `_restore`; ids, histories, what
    may not be shown, padding and the artefact are handled here, the same for all.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    config_type: ClassVar[type[Config]]

    _items: Vocabulary
    _users: Vocabulary
    _histories: Histories

    def __init__(self, config: C) -> None:
        self.config = config
        self._fitted = False

    def fit(
        self, dataset: Dataset, *, seed: int | None = None, progress: Progress | None = None
    ) -> Self:
        """Learn from behaviour. The same data and seed give the same model.

        seed: used in place of the configured one, by algorithms that draw at random.
        Raises DatasetError where the data cannot be learned from; the model is then unfitted.
        """
        if not len(dataset):
            raise EmptyDatasetError("there is no behaviour to learn from: 0 rows")
        self._fitted = False
        self._items, self._users, self._histories = dataset.items, dataset.users, dataset.histories
        self._fit(dataset, seed, progress or _silent)
        self._fitted = True
        return self

    def recommend(
        self,
        users: Sequence[str],
        k: int = 10,
        *,
        histories: Given = None,
        exclude: Sequence[str] | None = None,
        exclude_seen: bool = True,
    ) -> tuple[NDArray[np.object_], NDArray[np.float32]]:
        """The best k items of each user: ids and scores of shape (users, k), best first.

        histories: item ids, oldest first, that take the place of what training knew: by user id,
        or one per user. A user it does not name, and every user when it is None, has the
        history kept from training. Ids the model does not know are passed over.
        exclude: ids not to show anyone. exclude_seen: do not show a user what is in the given
        history, nor what training saw them meet. Where fewer than k items are left, rows end in
        None and -inf. Raises InvalidRequestError (k < 1, lengths that differ), NotFittedError.
        """
        self._need_fit()
        asked = requests.read(
            users, k, histories, exclude, exclude_seen, self._items, self._users, self._histories
        )
        slates = self._rank(asked.histories, asked.banned, k)
        return self._items.ids(slates.codes), slates.scores

    def reasons(
        self, user: str, ids: Sequence[str], history: Sequence[str] | None = None
    ) -> list[Reason | None]:
        """Why each item is shown to this user, None where nothing speaks for it.

        history: as in `recommend`; None is the history kept from training.
        """
        self._need_fit()
        given = None if history is None else [history]
        (codes,) = requests.histories([user], given, self._items, self._users, self._histories)
        return self._explain(self._items.codes(ids), codes)

    def history(self, user: str) -> list[str]:
        """The items training saw this user meet, oldest first; none for an unknown user."""
        self._need_fit()
        (code,) = self._users.codes([user])
        return list(self._items.ids(self._histories[int(code)]))

    @property
    def users(self) -> Vocabulary:
        """Everybody training saw. Raises NotFittedError."""
        self._need_fit()
        return self._users

    def save(self, folder: Path | str) -> None:
        """Write the model into a new or empty folder. Raises ArtefactError, NotFittedError."""
        self._need_fit()
        arrays = {
            "items": self._items.keys,
            "users": self._users.keys,
            "history_starts": self._histories.starts,
            "history_items": self._histories.items,
            **self._arrays(),
        }
        content = Artefact(
            algorithm=self.name, config=self.config.values(), arrays=arrays, files=self._files()
        )
        artefact.write(Path(folder), content)

    def restore(self, content: Artefact) -> None:
        """Become the saved model; `load` calls this. Raises ArtefactError."""
        try:
            arrays = content.arrays
            self._items = Vocabulary(arrays["items"])
            self._users = Vocabulary(arrays["users"])
            self._histories = Histories(arrays["history_starts"], arrays["history_items"])
            check(len(self._histories) == len(self._users), "histories and users differ in number")
            check(self._histories.starts[-1] == len(self._histories.items), "histories are cut")
            self._restore(content)
        except (KeyError, IndexError, ValueError) as error:
            raise ArtefactError(f"a saved '{self.name}' is damaged: {error}") from error
        self._fitted = True

    @abstractmethod
    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        """Learn; `_items`, `_users` and `_histories` are set."""

    @abstractmethod
    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        """The best k codes for each history, none of the row's banned ones among them."""

    @abstractmethod
    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """A reason per code; codes may be -1."""

    @abstractmethod
    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """What `_fit` learned, by file name."""

    @abstractmethod
    def _restore(self, content: Artefact) -> None:
        """Take back what `_arrays` and `_files` gave."""

    def _files(self) -> Mapping[str, bytes | Path]:
        """Binary files that belong to the model."""
        return {}

    def _need_fit(self) -> None:
        if not self._fitted:
            raise NotFittedError(f"this '{self.name}' has learned nothing yet; call fit or load")


def check(holds: bool, what: str) -> None:
    """Raise ValueError(what), which `restore` reports as a damaged artefact."""
    if not holds:
        raise ValueError(what)


def _silent(fraction: float, message: str, curve: dict[str, float] | None) -> None:
    return None
