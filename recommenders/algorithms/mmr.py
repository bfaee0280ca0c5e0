"""Diversity: a slate whose items are not all alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.algorithms.blend import scaled
from recommenders.algorithms.composite import Composite
from recommenders.algorithms.config import Config, choice, hyperparameter
from recommenders.algorithms.parts import Part, part, read
from recommenders.algorithms.ranking import Slates
from recommenders.algorithms.reasons import Reason

_BY_PEOPLE = "item_knn(shrinkage=0)"


@dataclass(frozen=True, kw_only=True)
class MmrConfig(Config):
    """Hyper-parameters of `mmr`."""

    ranks: str = part("ease", help="The algorithm whose ranking is made diverse.")
    diversity: float = hyperparameter(
        0.3,
        low=0.0,
        high=1.0,
        help="How much it counts that an item differs from those above it, beside its score.",
        search=(0.05, 0.7),
    )
    likeness: str = choice(
        "people",
        choices=("people", "content"),
        help="Whether items are alike that the same people met, or that are described alike.",
        searched=False,
    )
    candidates: int = hyperparameter(
        100, low=1, high=1_000, help="How many of the best items are arranged."
    )


class Mmr(Composite[MmrConfig]):
    """Takes, one after the other, the item with the largest

        (1 - diversity) * relevance - diversity * (greatest likeness to an item taken)

    of the best `candidates` (or k, when more are asked for) of the ranking (Carbonell and Goldstein
    1998, "maximal marginal relevance"). Relevance is the score brought to 0 to 1 over the
    candidates, likeness a cosine. That value is the score shown; diversity 0 is the ranking itself.
    """

    name = "mmr"
    title = "Diverse (maximal marginal relevance)"
    summary = "Arranges another algorithm's items so that neighbours in the slate differ."
    config_type = MmrConfig

    def _made_of(self) -> Sequence[Part]:
        alike = _BY_PEOPLE if self.config.likeness == "people" else "content"
        return [read(self.config.ranks), read(alike)]

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        ranks, alike = self._parts
        found = ranks._rank(histories, banned, max(k, self.config.candidates))
        relevance = scaled(found.scores.astype(np.float64))
        slates = Slates(len(histories), k)
        for row, codes in enumerate(found.codes):
            known = codes[codes >= 0]
            taken, values = arrange(
                relevance[row, : len(known)], alike._likenesses_of(known), self.config.diversity, k
            )
            slates.put(row, known[taken], values)
        return slates

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        return self._parts[0]._explain(codes, history)

    def predict_rating(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """That of the algorithm whose ranking is made diverse."""
        self._need_fit()
        return self._parts[0].predict_rating(frame)


def arrange(
    relevance: NDArray[np.float64], alike: NDArray[np.float32], diversity: float, k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places of at most k items in the order they are taken, and what each was worth then.

    alike: of shape (items, items). Worth never rises: what is taken only takes from the others.
    """
    nearest = np.zeros(len(relevance))
    left = np.ones(len(relevance), np.bool_)
    taken: list[int] = []
    values: list[float] = []
    for _ in range(min(k, len(relevance))):
        worth = np.where(left, (1.0 - diversity) * relevance - diversity * nearest, -np.inf)
        best = int(np.argmax(worth))
        taken.append(best)
        values.append(float(worth[best]))
        left[best] = False
        nearest = np.maximum(nearest, alike[best])
    return np.array(taken, np.int64), np.array(values)
