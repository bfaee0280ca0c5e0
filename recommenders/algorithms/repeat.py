"""What a person comes back to: their own habit, by how often and how lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.fading import entries, faded, half_life
from recommenders.algorithms.ranking import Slates, top_k
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.requests import Asked
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class RepeatConfig(Config):
    """Hyper-parameters of `repeat`; defaults chosen on baskets of Complete Journey, the last 28
    days but 28 held out.
    """

    half_life_days: float = half_life(90.0)
    recency_power: float = hyperparameter(
        0.05,
        low=0.0,
        high=5.0,
        help="The n-th newest item of a history counts 1 / n to this power, beside its habit.",
        search=(0.0, 0.5),
    )


class Repeat(Algorithm[RepeatConfig]):
    """Ranks the items of a person's history; it shows what they met unless told otherwise.

    A score is the habit times 1 / n^recency_power, the item being the n-th newest of the history.
    The habit is what training saw the person do with the item, each time counting less the older
    it was; 1 where it saw nothing: the item is newer, or the person is.
    """

    name = "repeat"
    title = "Buy again (own habit)"
    summary = "What the person comes back to, by how often and how lately they did."
    config_type = RepeatConfig
    updatable = True
    shows_seen = True
    keeps_times = True

    _habits: NDArray[np.float64]

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        counts = faded(dataset.at, len(dataset), self.config.half_life_days)
        self._take(dataset, counts)
        progress(1.0, "Counted what people come back to", None)

    def _update(self, before: Self, whole: Dataset, progress: Progress) -> None:
        """The rows known so far are one for each user and item, and have that habit."""
        n = len(before._habits)
        now = faded(whole.at, len(whole), self.config.half_life_days)
        since = now[:n].max(initial=0.0)  # what the newest row known so far counts now
        counts = np.concatenate([before._habits * since, now[n:]])
        self._take(whole, counts)
        progress(1.0, f"Counted {len(whole) - n:,} rows more", None)

    def _take(self, dataset: Dataset, counts: NDArray[np.float64]) -> None:
        n = len(dataset.histories.items)
        habits = np.bincount(entries(dataset), counts, minlength=n)
        self._habits = habits.astype(np.float64)

    def _answer(self, users: Sequence[str], asked: Asked, k: int, draw: int | None) -> Slates:
        habits = [
            self._habit(int(person), history)
            for person, history in zip(self._users.codes(users), asked.histories, strict=True)
        ]
        return self._by(habits, asked.histories, asked.banned, k)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        """Where no person is known, as by an algorithm made of others: the newest first."""
        return self._by([np.ones(len(one)) for one in histories], histories, banned, k)

    def _by(
        self,
        habits: Sequence[NDArray[np.float64]],
        histories: Sequence[NDArray[np.int64]],
        banned: Sequence[NDArray[np.int64]],
        k: int,
    ) -> Slates:
        slates = Slates(len(histories), k)
        for row, (habit, history) in enumerate(zip(habits, histories, strict=True)):
            newest = np.arange(1, len(history) + 1, dtype=np.float64)
            codes = history[::-1]
            scores = habit[::-1] * newest**-self.config.recency_power
            best = top_k(np.where(np.isin(codes, banned[row]), -np.inf, scores), k)
            slates.put(row, codes[best], scores[best])
        return slates

    def _habit(self, person: int, history: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of each item of the history."""
        habits = np.ones(len(history))
        known = self._histories[person]
        if not len(known):
            return habits
        start = self._histories.starts[person]
        order = np.argsort(known)
        places = order[np.minimum(np.searchsorted(known, history, sorter=order), len(known) - 1)]
        seen = known[places] == history
        habits[seen] = self._habits[start + places[seen]]
        return habits

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        return [Reason(kind="again") if code in history else None for code in codes]

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return {"habits": self._habits}

    def _restore(self, content: Artefact) -> None:
        self._habits = content.arrays["habits"]
        check(len(self._habits) == len(self._histories.items), "habits are cut")
