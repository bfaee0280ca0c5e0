"""For where little is known: by descriptions, then what is popular, and now and then any item."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.composite import Composite
from recommenders.algorithms.config import Config, hyperparameter
from recommenders.algorithms.parts import Part, parts, read
from recommenders.algorithms.ranking import Slates

Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ColdStartConfig(Config):
    """Hyper-parameters of `cold_start`."""

    rungs: tuple[str, ...] = parts(
        ("content", "popularity"),
        low=1,
        high=5,
        help="Algorithms, one on a line; each fills what those before it leave empty.",
    )
    exploration: float = hyperparameter(
        0.1,
        low=0.0,
        high=1.0,
        help="The share of places that requests fill with any item, to learn who likes it.",
    )


class ColdStart(Composite[ColdStartConfig]):
    """The first rung fills the slate with what it has, the next one what is left, and so on.

    A score is how many rungs follow plus 1 / place among the items of the rung. Where a request
    draws (`propose`), each place is with probability `exploration` any item that may be shown and
    is not yet, all alike, with score 0; so is a place that no rung fills.
    """

    name = "cold_start"
    title = "Cold start"
    summary = "By descriptions, else what is popular, and now and then any item to learn about it."
    config_type = ColdStartConfig

    def _made_of(self) -> Sequence[Part]:
        return [read(one) for one in self.config.rungs]

    def _rank(self, histories: Sequence[Codes], banned: Sequence[Codes], k: int) -> Slates:
        slates = Slates(len(histories), k)
        filled = np.zeros(len(histories), np.int64)
        for follow, rung in zip(range(len(self._parts))[::-1], self._parts, strict=True):
            rows = np.flatnonzero(filled < k).tolist()
            shown = [slates.codes[row, : filled[row]] for row in rows]
            out = [
                np.concatenate([banned[row], mine]) for row, mine in zip(rows, shown, strict=True)
            ]
            found = rung._rank([histories[row] for row in rows], out, k)
            for row, codes in zip(rows, found.codes, strict=True):
                new = codes[codes >= 0][: k - filled[row]]
                places = slice(filled[row], filled[row] + len(new))
                slates.codes[row, places] = new
                slates.scores[row, places] = follow + 1.0 / np.arange(1, len(new) + 1)
                filled[row] += len(new)
        return slates

    def _draw(
        self, histories: Sequence[Codes], banned: Sequence[Codes], k: int, seeds: Sequence[int]
    ) -> Slates:
        greedy = self._rank(histories, banned, k)
        slates = Slates(len(histories), k)
        for row, seed in enumerate(seeds):
            free = np.ones(len(self._items), np.bool_)
            free[banned[row]] = False
            explore(
                slates,
                row,
                (greedy.codes[row], greedy.scores[row]),
                free,
                self.config.exploration,
                np.random.default_rng(seed),
            )
        return slates


def explore(
    slates: Slates,
    row: int,
    greedy: tuple[Codes, NDArray[np.float32]],
    free: NDArray[np.bool_],
    exploration: float,
    rng: np.random.Generator,
) -> None:
    """Fills a row: each place with the next of the greedy order, or with probability `exploration`
    (1 where the order has ended) with any item that is still free, which is changed.
    """
    scores = dict(zip(greedy[0].tolist(), greedy[1].tolist(), strict=True))
    scores.pop(-1, None)
    for place in range(slates.codes.shape[1]):
        n = int(free.sum())
        if not n:
            return
        best = next((code for code in scores if free[code]), None)
        chance = exploration if best is not None else 1.0
        drawn = bool(rng.random() < chance)
        code = int(rng.choice(np.flatnonzero(free))) if drawn or best is None else best
        slates.codes[row, place] = code
        slates.scores[row, place] = 0.0 if drawn else scores[code]
        slates.propensities[row, place] = chance / n + (1.0 - chance) * (code == best)
        slates.drawn[row, place] = drawn
        free[code] = False
