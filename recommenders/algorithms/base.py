"""What every algorithm is to its callers: the contract of tests/recommenders/contract.py."""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.algorithms import artefact, requests
from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.config import Config
from recommenders.algorithms.kept import Kept, check
from recommenders.algorithms.proposal import Proposal
from recommenders.algorithms.ranking import Slates
from recommenders.algorithms.reasons import Contribution, Reason
from recommenders.dataset import Dataset, Histories, Vocabulary
from recommenders.exceptions import (
    ArtefactError,
    EmptyDatasetError,
    InvalidRequestError,
    NoRatingsError,
    NoSimilarityError,
    NotFittedError,
    NotUpdatableError,
    UnknownItemError,
)

__all__ = ["Algorithm", "Given", "Progress", "check"]

# progress(fraction done in 0..1, what is being done, a point of the training curve or None)
Progress = Callable[[float, str, "dict[str, float] | None"], None]
C = TypeVar("C", bound=Config)
Given = Mapping[str, Sequence[str]] | Sequence[Sequence[str]] | None


class Algorithm(ABC, Generic[C]):
    """A trainable recommender.

    An algorithm writes `_fit`, `_rank`, `_explain`, `_arrays` and `_restore`, and those of the
    other hooks that have a meaning for it; ids, histories, what may not be shown, padding and the
    artefact are handled here, the same for all.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    config_type: ClassVar[type[Config]]
    serves_strangers: bool = False
    """Whether a user without any history gets something."""
    updatable: bool = False
    """Whether `update` gives what a fit on all the behaviour would give, or a step towards it."""
    keeps_ratings: bool = False
    """Whether the ratings of the data are kept beside the histories."""

    keeps_times: bool = False
    """Whether it is kept when each item of the histories was last met."""
    shows_seen: ClassVar[bool] = False
    """Whether what somebody met is shown to them again, unless the caller says otherwise."""

    _kept: Kept

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
        self._kept = Kept.of(dataset, ratings=self.keeps_ratings, times=self.keeps_times)
        self._fit(dataset, seed, progress or _silent)
        self._fitted = True
        return self

    def update(self, new: Dataset, *, progress: Progress | None = None) -> Self:
        """A model that knows the rows of `new` too, as if fitted on both; this one stays as it is.

        The rows count as newer than all behaviour known so far, and may bring users and items.
        Raises NotUpdatableError where only a training can do that, NotFittedError.
        """
        self._need_fit()
        if not self.updatable:
            raise NotUpdatableError(f"'{self.name}' cannot take in new behaviour; train it again")
        return self._updated(self._kept.followed_by(new), progress or _silent)

    def _updated(self, whole: Dataset, progress: Progress) -> Self:
        """A model of `whole`, which begins with the behaviour known so far."""
        updated = type(self)(self.config)
        updated._kept = Kept.of(
            whole, ratings=self.keeps_ratings, times=self.keeps_times, before=self._kept
        )
        updated._update(self, whole, progress)
        updated._fitted = True
        return updated

    def recommend(
        self,
        users: Sequence[str],
        k: int = 10,
        *,
        histories: Given = None,
        exclude: Sequence[str] | None = None,
        exclude_seen: bool | None = None,
    ) -> tuple[NDArray[np.object_], NDArray[np.float32]]:
        """The best k items of each user: ids and scores of shape (users, k), best first.

        histories: item ids, oldest first, that take the place of what training knew: by user id,
        or one per user. A user it does not name, and every user when it is None, has the
        history kept from training. Ids the model does not know are passed over.
        exclude: ids not to show anyone. exclude_seen: do not show a user what is in the given
        history, nor what training saw them meet; None leaves it to the algorithm, of which `repeat`
        alone shows it. Where fewer than k items are left, rows end in
        None and -inf. Raises InvalidRequestError (k < 1, lengths that differ), NotFittedError.
        """
        found = self.propose(
            users, k, histories=histories, exclude=exclude, exclude_seen=exclude_seen
        )
        return found.ids, found.scores

    def propose(
        self,
        users: Sequence[str],
        k: int = 10,
        *,
        histories: Given = None,
        exclude: Sequence[str] | None = None,
        exclude_seen: bool | None = None,
        withheld: NDArray[np.int64] | None = None,
        only: Sequence[str] | None = None,
        never: Sequence[str] = (),
        draw: int | None = None,
    ) -> Proposal:
        """Slates as `recommend` gives them, with the probability of each item.

        withheld: codes of `items` not to show anyone, -1 for one the model does not know; for sets
        too large to be looked up at each call.
        only, never: categories of which an item must be, of any, or must not be, of none; None is
        any item. They are those of the catalogue that the model learned with; an item whose
        categories it does not know is of none.
        draw: a number for each request, by which an algorithm that explores draws; the same user
        and number get the same slate. None is the policy without exploration, which is what
        `recommend` gives.
        """
        self._need_fit()
        unseen = not self.shows_seen if exclude_seen is None else exclude_seen
        asked = requests.read(
            users, k, histories, exclude, unseen, self._items, self._users, self._histories
        )
        if withheld is not None and len(withheld):
            asked = asked.without(withheld[withheld >= 0])
        if only is not None:
            codes = np.arange(len(self._items))
            asked = asked.without(np.setdiff1d(codes, self._kept.categories.codes(only)))
        if never:
            asked = asked.without(self._kept.categories.codes(never))
        return Proposal.of(self._answer(users, asked, k, draw), self._items)

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

    def explain(
        self, user: str, item: str, history: Sequence[str] | None = None
    ) -> list[Contribution]:
        """What the items of the history add to the item's score, the most first; they sum to it.

        Empty where the score is no sum over the history, or nothing in it speaks for the item.
        history: as in `recommend`. Raises UnknownItemError, NotFittedError.
        """
        code = self._code(item)
        given = None if history is None else [history]
        (codes,) = requests.histories([user], given, self._items, self._users, self._histories)
        amounts = self._contributions(code, codes)
        order = np.argsort(-amounts, kind="stable")
        return [
            Contribution(item=str(one), amount=float(amount))
            for one, amount in zip(self._items.ids(codes[order]), amounts[order], strict=True)
            if amount
        ]

    def can_serve(self, user: str, history: Sequence[str] | None = None) -> bool:
        """Whether there is anything to recommend to this user, before what may not be shown.

        history: as in `recommend`. Raises NotFittedError.
        """
        self._need_fit()
        given = None if history is None else [history]
        (codes,) = requests.histories([user], given, self._items, self._users, self._histories)
        return self.serves_strangers or self._speaks(codes)

    def similar_items(
        self, item: str, k: int = 10
    ) -> tuple[NDArray[np.object_], NDArray[np.float32]]:
        """At most k ids and likenesses, the most alike first, the item itself left out.

        Raises NoSimilarityError, UnknownItemError, InvalidRequestError (k < 1), NotFittedError.
        """
        code = self._code(item)
        if k < 1:
            raise InvalidRequestError(f"k is {k}; ask for at least 1 item")
        codes, likeness = self._similar(code, k)
        return self._items.ids(codes), likeness

    def predict_rating(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """The rating that the user of each row would give its item, NaN where nothing is known.

        frame: columns user and item. Raises NoRatingsError, InvalidColumnError, NotFittedError.
        """
        self._need_fit()
        raise NoRatingsError(f"'{self.name}' predicts no ratings; take item_knn or user_knn")

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

    @property
    def items(self) -> Vocabulary:
        """Everything the model may recommend. Raises NotFittedError."""
        self._need_fit()
        return self._items

    def save(self, folder: Path | str) -> None:
        """Write the model into a new or empty folder. Raises ArtefactError, NotFittedError."""
        self._need_fit()
        arrays = {**self._kept.arrays(), **self._arrays()}
        content = Artefact(
            algorithm=self.name, config=self.config.values(), arrays=arrays, files=self._files()
        )
        artefact.write(Path(folder), content)

    def restore(self, content: Artefact, kept: Kept | None = None) -> None:
        """Become the saved model; `load` calls this. kept: where it is saved with another model.

        Raises ArtefactError.
        """
        try:
            self._kept = kept or Kept.restore(content.arrays)
            self._restore(content)
        except (KeyError, IndexError, ValueError) as error:
            raise ArtefactError(f"a saved '{self.name}' is damaged: {error}") from error
        self._fitted = True

    @abstractmethod
    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        """Learn; `_kept` is set."""

    @abstractmethod
    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        """The best k codes for each history, none of the row's banned ones among them."""

    def _rank_among(
        self,
        histories: Sequence[NDArray[np.int64]],
        candidates: Sequence[NDArray[np.int64]],
        k: int,
    ) -> Slates:
        """The best k of each row's candidates; those nothing speaks for are left out."""
        others = []
        for codes in candidates:
            other = np.ones(len(self._items), np.bool_)
            other[codes] = False
            others.append(np.flatnonzero(other))
        return self._rank(histories, others, k)

    def _answer(
        self, users: Sequence[str], asked: requests.Asked, k: int, draw: int | None
    ) -> Slates:
        """The slates of `propose`; only who needs the ids of users writes its own."""
        if draw is None:
            return self._rank(asked.histories, asked.banned, k)
        seeds = [zlib.crc32(f"{draw}:{user}".encode(errors="surrogatepass")) for user in users]
        return self._draw(asked.histories, asked.banned, k, seeds)

    def _draw(
        self,
        histories: Sequence[NDArray[np.int64]],
        banned: Sequence[NDArray[np.int64]],
        k: int,
        seeds: Sequence[int],
    ) -> Slates:
        """As `_rank`, drawn by a seed for each row, with propensities. Without exploration it is
        the same.
        """
        return self._rank(histories, banned, k)

    @abstractmethod
    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """A reason per code; codes may be -1."""

    @abstractmethod
    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """What `_fit` learned, by file name."""

    @abstractmethod
    def _restore(self, content: Artefact) -> None:
        """Take back what `_arrays` and `_files` gave."""

    def _update(self, before: Self, whole: Dataset, progress: Progress) -> None:
        """Learn `whole`, all behaviour so far, from what `before` learned of its first part."""
        self._fit(whole, None, progress)

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        """Whether the history leads to anything."""
        return bool(len(history))

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        raise NoSimilarityError(f"'{self.name}' knows no likeness of items")

    def _likenesses_of(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        """How alike items are, 0 to 1, of shape (codes, codes)."""
        raise NoSimilarityError(f"'{self.name}' knows no likeness of items")

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each item of the history adds to the score of the item."""
        return np.zeros(len(history), np.float32)

    def _because(self, code: int, history: NDArray[np.int64]) -> Reason | None:
        """The item of the history that adds most to the score of the item, the newest at a tie."""
        amounts = self._contributions(code, history)[::-1] if code >= 0 else np.empty(0)
        if not len(amounts) or amounts.max() <= 0.0:
            return None
        most = history[::-1][[int(amounts.argmax())]]
        return Reason(kind="because", item=str(self._items.ids(most)[0]))

    def _files(self) -> Mapping[str, bytes | Path]:
        """Binary files that belong to the model."""
        return {}

    @property
    def _items(self) -> Vocabulary:
        return self._kept.items

    @property
    def _users(self) -> Vocabulary:
        return self._kept.users

    @property
    def _histories(self) -> Histories:
        return self._kept.histories

    def _code(self, item: str) -> int:
        self._need_fit()
        (code,) = self._items.codes([item])
        if code < 0:
            raise UnknownItemError(item)
        return int(code)

    def _need_fit(self) -> None:
        if not self._fitted:
            raise NotFittedError(f"this '{self.name}' has learned nothing yet; call fit or load")


def _silent(fraction: float, message: str, curve: dict[str, float] | None) -> None:
    return None
