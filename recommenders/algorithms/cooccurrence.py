"""Co-occurrence in sequences: what people met shortly after, and shortly before, an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.item_knn import neighbour_arrays, restore_neighbours
from recommenders.algorithms.neighbours import Neighbours
from recommenders.algorithms.pairs import Distance, co_occurrences
from recommenders.algorithms.ranking import Slates, best_by
from recommenders.algorithms.reasons import Reason
from recommenders.algorithms.shared_fields import history_length_field
from recommenders.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class CooccurrenceConfig(Config):
    """Hyper-parameters of `cooccurrence`; defaults chosen by validation on Amazon Beauty and Toys,
    the last item but one of each person held out.
    """

    k_neighbours: int = hyperparameter(
        500, low=1, high=10_000, help="How many items are kept that an item leads to."
    )
    window: int = hyperparameter(
        50, low=1, high=1_000, help="How many places two items of a history may be apart."
    )
    gap_power: float = hyperparameter(
        0.5,
        low=0.0,
        high=5.0,
        help="A pair g places apart counts 1 / g to this power; at 0 all pairs count alike.",
        search=(0.0, 2.0),
    )
    backward: float = hyperparameter(
        0.5,
        low=0.0,
        high=1.0,
        help="What it counts that an item came before another, beside 1 for coming after it.",
        search=(0.0, 1.0),
    )
    normalise: float = hyperparameter(
        0.5,
        low=0.0,
        high=1.0,
        help="How far the popularity of both items is divided out of what they share.",
        search=(0.0, 1.0),
    )
    shrinkage: float = hyperparameter(
        1.0,
        low=0.0,
        high=100_000.0,
        help="How strongly pairs of items that few people met are pulled towards zero.",
        search=(0.0, 20.0),
    )
    recency_power: float = hyperparameter(
        1.0,
        low=0.0,
        high=5.0,
        help="The n-th newest item of a history counts 1 / n to this power; at 0 all count alike.",
        search=(0.0, 2.0),
    )
    history_length: int = history_length_field()


class Cooccurrence(Algorithm[CooccurrenceConfig]):
    """Scores an item by how closely it follows each item of the history, the newest counting most.

    With c[j, i] the pairs of j and i in people's histories, each weighed by its distance (`pairs`),
    and n the people who met an item, j says of i

        c[j, i] / ((n_j n_i)^(normalise / 2) + shrinkage)

    and a score is the sum of it over the history, the n-th newest item times 1 / n^recency_power.
    """

    name = "cooccurrence"
    title = "What comes next (co-occurrence)"
    summary = "Items that people met shortly after, or before, what this person met last."
    config_type = CooccurrenceConfig
    updatable = True

    _leads: Neighbours

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        config = self.config
        distance = Distance(config.window, config.gap_power, config.backward)
        pairs = co_occurrences(dataset.histories, dataset.n_items, distance, progress)
        people = dataset.people.astype(np.float64) ** (config.normalise / 2)
        says = np.repeat(np.arange(dataset.n_items), np.diff(pairs.indptr))
        scale = people[says] * people[pairs.indices] + config.shrinkage
        self._leads = Neighbours.strongest_of(
            pairs.indptr, pairs.indices, pairs.data / scale, config.k_neighbours
        )
        progress(1.0, "Measured what comes after what", None)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        return best_by(self._scores, histories, banned, k, width=len(self._items))

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Of shape (histories, items); -inf where nothing in the newest part leads to the item."""
        recent = [self._recent(history) for history in histories]
        return self._leads.scores(recent, [self._recency(len(history)) for history in recent])

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        return [self._because(int(code), history) for code in codes]

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        return self._leads.speak(self._recent(history))

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """What the item leads to, the most first."""
        mine = slice(self._leads.starts[code], self._leads.starts[code + 1])
        items, weights = self._leads.items[mine], self._leads.weights[mine]
        best = np.argsort(-weights, kind="stable")[:k]
        return items[best].astype(np.int64), weights[best]

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        recent = self._recent(history)
        amounts = np.zeros(len(history), np.float32)
        parts = self._leads.contributions(code, recent) * self._recency(len(recent))
        amounts[len(history) - len(recent) :] = parts
        return amounts

    def _recent(self, history: NDArray[np.int64]) -> NDArray[np.int64]:
        return history[-self.config.history_length :]

    def _recency(self, n: int) -> NDArray[np.float32]:
        """What each of the n items of a history counts, oldest first."""
        places = np.arange(n, 0, -1, dtype=np.float64)
        return np.asarray(places**-self.config.recency_power, np.float32)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return neighbour_arrays(self._leads)

    def _restore(self, content: Artefact) -> None:
        self._leads = restore_neighbours(content, len(self._items))
