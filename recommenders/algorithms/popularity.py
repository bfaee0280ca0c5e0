"""Most people first: the baseline every other algorithm must beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config
from recommenders.algorithms.fading import faded, half_life
from recommenders.algorithms.ranking import Slates, first_allowed
from recommenders.algorithms.reasons import Reason
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class PopularityConfig(Config):
    """Hyper-parameters of `popularity`."""

    half_life_days: float = half_life(0.0)


class Popularity(Algorithm[PopularityConfig]):
    """Ranks by how many different people met an item. Everyone gets the same order.

    A person counts once per item however often they came back: 1, or with a half-life what is left
    of it since they last met the item, as of the newest behaviour. Items nobody met come last, with
    score 0. Ties go by item id.
    """

    name = "popularity"
    title = "Most popular"
    summary = "The items that the most people chose, the same for everyone."
    config_type = PopularityConfig
    serves_strangers = True
    updatable = True

    _people: NDArray[np.int64]
    _weights: NDArray[np.int64] | NDArray[np.float64]
    _order: NDArray[np.int64]

    def __init__(self, config: PopularityConfig) -> None:
        super().__init__(config)
        self.keeps_times = config.half_life_days > 0.0

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        self._take(dataset.people, self._faded(dataset) if self.keeps_times else dataset.people)
        progress(1.0, "Counted people per item", None)

    def _faded(self, dataset: Dataset) -> NDArray[np.float64]:
        met = dataset.histories.items
        left = faded(self._kept.times, len(met), self.config.half_life_days)
        return np.bincount(met, left, minlength=dataset.n_items).astype(np.float64)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        slates = Slates(len(histories), k)
        for row, codes in enumerate(banned):
            best = first_allowed(self._order, codes, k)
            slates.put(row, best, self._weights[best].astype(np.float32))
        return slates

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        return popular(self._people, codes)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        faded = {"weights": self._weights} if self.keeps_times else {}
        return {"people": self._people, **faded}

    def _restore(self, content: Artefact) -> None:
        people = content.arrays["people"]
        weights = content.arrays["weights"] if self.keeps_times else people
        check(len(people) == len(weights) == len(self._items), "counts and items differ in number")
        self._take(people, weights)

    def _take(
        self,
        people: NDArray[np.int64],
        weights: NDArray[np.int64] | NDArray[np.float64],
    ) -> None:
        self._people, self._weights = people, weights
        self._order = by_people(weights)


def by_people(people: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Item codes, those of the most people first, ties by id."""
    return np.argsort(-people, kind="stable")


def popular(people: NDArray[np.int64], codes: NDArray[np.int64]) -> list[Reason | None]:
    """How many people met each item; None for unknown items and those nobody met."""
    counts = [int(people[code]) if code >= 0 else 0 for code in codes]
    return [Reason(kind="popular", people=count) if count else None for count in counts]
