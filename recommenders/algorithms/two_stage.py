"""Candidates from one algorithm, ranked by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommenders.algorithms.base import Algorithm
from recommenders.algorithms.composite import Composite
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.parts import Part, part, read
from recommenders.algorithms.ranking import Slates


@dataclass(frozen=True, kw_only=True)
class TwoStageConfig(Config):
    """Hyper-parameters of `two_stage`."""

    proposes: str = part("item_knn", help="The algorithm that proposes candidates.")
    ranks: str = part("ease", help="The algorithm that ranks them.")
    candidates: int = hyperparameter(
        200,
        low=1,
        high=10_000,
        help="How many candidates are ranked.",
        search=(50, 1_000),
        log=True,
    )


class TwoStage(Composite[TwoStageConfig]):
    """The best `candidates` (or k, when more are asked for) of the first, in the order and with the
    scores of the second. A candidate that the second has nothing to say for is not shown.
    """

    name = "two_stage"
    title = "Two stages"
    summary = "One algorithm proposes candidates, another ranks them."
    config_type = TwoStageConfig

    def _made_of(self) -> Sequence[Part]:
        return [read(self.config.proposes), read(self.config.ranks)]

    def _by_say(self) -> Sequence[Algorithm[Any]]:
        return self._parts[::-1]

    def _rank(
        self, histories: Sequence[NDArray[np.int64]], banned: Sequence[NDArray[np.int64]], k: int
    ) -> Slates:
        proposes, ranks = self._parts
        proposed = proposes._rank(histories, banned, max(k, self.config.candidates))
        return ranks._rank_among(histories, [row[row >= 0] for row in proposed.codes], k)

    def _contributions(self, code: int, history: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._parts[1]._contributions(code, history)

    def predict_rating(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """That of the algorithm that ranks."""
        self._need_fit()
        return self._parts[1].predict_rating(frame)
