"""Any item, all alike: what other algorithms are measured against, and learn from unbiased."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.config import Config
from recommenders.algorithms.ranking import Slates
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.requests import Asked
from recommenders.algorithms.shared_fields import seed_field
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class RandomConfig(Config):
    """Hyper-parameters of `random`."""

    seed: int = seed_field()


class Random(Algorithm[RandomConfig]):
    """Draws from all items that may be shown, without replacement, all with the same probability.

    A request has its own draw; what is asked without one (`recommend`) has one for each user,
    which the seed decides. Every score is 0.
    """

    name = "random"
    title = "Random"
    summary = "Any items, all with the same probability, which exposures then carry."
    config_type = RandomConfig
    serves_strangers = True
    updatable = True

    _seed_kept: NDArray[np.int64]

    @property
    def _seed(self) -> int:
        return int(self._seed_kept[0])

    def _answer(self, users: Sequence[str], asked: Asked, k: int, draw: int | None) -> Slates:
        """Without a number the seed stands for it."""
        return super()._answer(users, asked, k, self._seed if draw is None else draw)

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        self._seed_kept = np.array([self.config.seed if seed is None else seed])
        progress(1.0, "Listed the items", None)

    def _update(self, before: Self, whole: Dataset, progress: Progress) -> None:
        self._fit(whole, before._seed, progress)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        """Where no user is known, as by an algorithm made of others: drawn by the history."""
        seeds = [zlib.crc32(history.tobytes(), self._seed) for history in histories]
        return self._draw(histories, banned, k, seeds)

    def _draw(
        self,
        histories: Sequence[NDArray[np.int64]],
        banned: Sequence[NDArray[np.int64]],
        k: int,
        seeds: Sequence[int],
    ) -> Slates:
        slates = Slates(len(histories), k)
        for row, (codes, seed) in enumerate(zip(banned, seeds, strict=True)):
            free = np.setdiff1d(np.arange(len(self._items)), codes)
            n = min(k, len(free))
            drawn = np.random.default_rng(seed).choice(free, n, replace=False)
            slates.put(row, drawn, np.zeros(n, np.float32))
            slates.propensities[row, :n] = 1.0 / (len(free) - np.arange(n))
            slates.drawn[row, :n] = True
        return slates

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        return [Reason(kind="random") if code >= 0 else None for code in codes]

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return {"seed": self._seed_kept}

    def _restore(self, content: Artefact) -> None:
        seed = content.arrays["seed"]
        check(len(seed) == 1, "the seed is missing")
        self._seed_kept = seed
