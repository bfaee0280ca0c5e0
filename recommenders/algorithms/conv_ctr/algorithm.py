"""`conv_ctr`: neighbours propose, the network disposes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress, check
from recommenders.algorithms.conv_ctr import rows
from recommenders.algorithms.conv_ctr.config import ConvCtrConfig
from recommenders.algorithms.conv_ctr.examples import Examples, recent
from recommenders.algorithms.conv_ctr.runtime import Runtime
from recommenders.algorithms.item_knn import because, neighbour_arrays, restore_neighbours
from recommenders.algorithms.neighbours import Neighbours
from recommenders.algorithms.popularity import by_people, popular
from recommenders.algorithms.ranking import Slates, first_allowed, top_k
from recommenders.algorithms.reasons import Reason
from recommenders.dataset import Dataset

_FILE = "network.tflite"
_FIT_SHARE = 0.9  # of the progress; loading TensorFlow comes before, the export after


class ConvCtr(Algorithm[ConvCtrConfig]):
    """Re-ranks candidates by the probability of a click.

    Candidates are the best `candidates` (or k, when more are asked for) of an item-neighbour model
    fitted inside, filled up in popularity order where there are fewer: a user without history gets
    the most popular items in the network's order. The score is the network's probability that
    the item is the person's next one, among `negatives` drawn beside it in training.
    """

    name = "conv_ctr"
    title = "Deep click model (convolution)"
    summary = "A neural network reads a person's latest items and re-ranks similar ones by CTR."
    config_type = ConvCtrConfig
    serves_strangers = True

    _neighbours: Neighbours
    _people: NDArray[np.int64]
    _order: NDArray[np.int64]
    _runtime: Runtime

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Click probability of each row of (user, item), NaN where the item is unknown.

        A column `history` (lists of item ids, oldest first) takes the place of the history kept
        from training. Raises InvalidColumnError for missing columns and ids, NotFittedError.
        """
        self._need_fit()
        asked = rows.read(frame, self._items, self._users, self._histories)
        probabilities = np.full(len(frame), np.nan, np.float32)
        for history, places in asked.groups:
            probabilities[places] = self._probabilities(history, asked.items[places])
        return probabilities

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        config = self.config
        seed = config.seed if seed is None else seed
        examples = Examples(
            dataset, history_length=config.history_length, negatives=config.negatives
        )
        self._people = dataset.people
        self._order = by_people(self._people)
        self._neighbours = Neighbours.fit(
            dataset.matrix, neighbours=config.k_neighbours, shrinkage=config.shrinkage
        )
        progress(0.02, "Candidate model fitted; loading TensorFlow", None)
        from recommenders.algorithms.conv_ctr import network  # serving must never pay for it

        def inner(fraction: float, message: str, curve: dict[str, float] | None) -> None:
            progress(0.05 + _FIT_SHARE * fraction, message, curve)

        trained = network.train(
            examples, config, n_items=dataset.n_items, seed=seed, progress=inner
        )
        self._open(network.export(trained, candidates=config.candidates))
        progress(1.0, "Exported for serving", None)

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        slates = Slates(len(histories), k)
        for row, (history, codes) in enumerate(zip(histories, banned, strict=True)):
            candidates = self._candidates(history, codes, max(k, self.config.candidates))
            scores = self._probabilities(history, candidates)
            best = top_k(scores, k)
            slates.put(row, candidates[best], scores[best])
        return slates

    def _rank_among(
        self,
        histories: Sequence[NDArray[np.int64]],
        candidates: Sequence[NDArray[np.int64]],
        k: int,
    ) -> Slates:
        slates = Slates(len(histories), k)
        for row, (history, codes) in enumerate(zip(histories, candidates, strict=True)):
            scores = self._probabilities(history, codes)
            best = top_k(scores, k)
            slates.put(row, codes[best], scores[best])
        return slates

    def _candidates(
        self, history: NDArray[np.int64], banned: NDArray[np.int64], n: int
    ) -> NDArray[np.int64]:
        (scores,) = self._neighbours.scores([history[-self.config.history_length :]])
        scores[banned] = -np.inf
        near = top_k(scores, n)
        if len(near) == n:
            return near
        fill = first_allowed(self._order, np.concatenate([banned, near]), n - len(near))
        return np.concatenate([near, fill])

    def _probabilities(
        self, history: NDArray[np.int64], items: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        read = recent(history, self.config.history_length)
        return expit(self._runtime.logits(read, (items + 1).astype(np.int32)))

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """The candidate model's reason: what led to the item, else how popular it is."""
        near = because(self._neighbours, self._items, codes, history[-self.config.history_length :])
        return [one or other for one, other in zip(near, popular(self._people, codes), strict=True)]

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._neighbours.closest(code, k)

    def _likenesses_of(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._neighbours.among(codes)

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return {"people": self._people, **neighbour_arrays(self._neighbours)}

    def _files(self) -> Mapping[str, bytes | Path]:
        return {_FILE: self._runtime.source}

    def _restore(self, content: Artefact) -> None:
        self._people = content.arrays["people"]
        check(len(self._people) == len(self._items), "counts and items differ in number")
        self._order = by_people(self._people)
        self._neighbours = restore_neighbours(content, len(self._items))
        self._open(content.files[_FILE])

    def _open(self, source: bytes | Path) -> None:
        self._runtime = Runtime(
            source,
            history_length=self.config.history_length,
            candidates=self.config.candidates,
        )
