"""Several rankings made one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.composite import Composite
from recommenders.algorithms.config import Config, choice, hyperparameter
from recommenders.algorithms.parts import Part, read, weighed_parts
from recommenders.algorithms.ranking import Slates, top_k
from recommenders.algorithms.reasons import Reason

_RANK_CONSTANT = 60.0  # of Cormack et al. 2009, who found it to matter little


@dataclass(frozen=True, kw_only=True)
class BlendConfig(Config):
    """Hyper-parameters of `blend`."""

    parts: tuple[str, ...] = weighed_parts(
        ("ease", "item_knn"), low=2, high=8, help="What is blended, one on a line."
    )
    method: str = choice(
        "reciprocal_rank",
        choices=("reciprocal_rank", "weighted"),
        help="Whether the places in the rankings are added up, or the scores brought to 0 to 1.",
    )
    candidates: int = hyperparameter(
        100,
        low=1,
        high=5_000,
        help="How many of the best items of each part are read.",
        search=(20, 500),
        log=True,
    )


class Blend(Composite[BlendConfig]):
    """Adds up what each part gives an item that is among its best `candidates` (or k, when more
    are asked for), times the part's weight; what is not among them gets nothing from it.

    reciprocal_rank   1 / (60 + rank), ranks from 1 (Cormack et al. 2009, "Reciprocal rank fusion")
    weighted          (score - lowest) / (highest - lowest) of the part's candidates, CombSUM of
                      Fox and Shaw 1994; 1 where all are the same
    """

    name = "blend"
    title = "Blend"
    summary = "Several algorithms at once, by their places or by their scores."
    config_type = BlendConfig

    def _made_of(self) -> Sequence[Part]:
        return [read(one) for one in self.config.parts]

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        said = self._said(histories, banned, k)
        slates = Slates(len(histories), k)
        for row in range(len(histories)):
            given = np.concatenate([codes[row] for codes, _ in said])
            gains = np.concatenate([gain[row] for _, gain in said])
            codes, places = np.unique(given[given >= 0], return_inverse=True)
            scores = np.zeros(len(codes))
            np.add.at(scores, places, gains[given >= 0])
            best = top_k(scores, k)
            slates.put(row, codes[best], scores[best])
        return slates

    def _said(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Of each part, the codes of its candidates and what it gives each."""
        n = max(k, self.config.candidates)
        said = []
        for part, written in zip(self._parts, self._made_of(), strict=True):
            slates = part._rank(histories, banned, n)
            said.append((slates.codes, written.weight * self._gains(slates)))
        return said

    def _gains(self, slates: Slates) -> NDArray[np.float64]:
        if self.config.method == "reciprocal_rank":
            ranks = np.arange(1, slates.codes.shape[1] + 1)
            return np.broadcast_to(1.0 / (_RANK_CONSTANT + ranks), slates.codes.shape)
        return scaled(slates.scores.astype(np.float64))

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """The reason of the part that gives the item most, of those that have one."""
        told = [part._explain(codes, history) for part in self._parts]
        gives = np.zeros((len(self._parts), len(codes)))
        for place, (found, gains) in enumerate(self._said([history], [history], 1)):
            by_code = dict(zip(found[0].tolist(), gains[0].tolist(), strict=True))
            gives[place] = [by_code.get(int(code), 0.0) for code in codes]
        order = np.argsort(-gives, axis=0, kind="stable")
        return [
            next((told[place][item] for place in order[:, item] if told[place][item]), None)
            for item in range(len(codes))
        ]


def scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row's finite scores from 0, the lowest, to 1; all 1 where they are the same."""
    found = np.isfinite(scores)
    low = np.where(found, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    high = scores.max(axis=1, keepdims=True, initial=-np.inf)
    span = np.where(high > low, high - low, 1.0)
    low = np.where(high > low, low, high - 1.0)
    return np.where(found, (np.where(found, scores, 0.0) - np.where(found, low, 0.0)) / span, 0.0)
