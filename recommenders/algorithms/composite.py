"""What algorithms have in common that are made of others."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms.artefact import Artefact
from recommenders.algorithms.base import Algorithm, Progress
from recommenders.algorithms.config import Config
from recommenders.algorithms.parts import Part
from recommenders.algorithms.reasons import Reason
from recommenders.dataset import Dataset
from recommenders.exceptions import NoSimilarityError

C = TypeVar("C", bound=Config)


class Composite(Algorithm[C]):
    """Its parts learn the same data, so that a code means the same item to all of them. They are
    saved with it, in the same folder; what is kept of the data is there once.
    """

    _parts: list[Algorithm[Any]]

    def __init__(self, config: C) -> None:
        super().__init__(config)
        self._parts = [part.create() for part in self._made_of()]
        self.updatable = all(part.updatable for part in self._parts)
        self.keeps_times = any(part.keeps_times for part in self._parts)
        self.keeps_ratings = any(part.keeps_ratings for part in self._parts)

    @abstractmethod
    def _made_of(self) -> Sequence[Part]:
        """The parts, by the configuration."""

    def _fit(self, dataset: Dataset, seed: int | None, progress: Progress) -> None:
        for place, part in enumerate(self._parts):
            part.fit(dataset, seed=seed, progress=self._of_part(place, progress))

    def _update(self, before: Self, whole: Dataset, progress: Progress) -> None:
        self._parts = [
            part._updated(whole, self._of_part(place, progress))
            for place, part in enumerate(before._parts)
        ]

    def _of_part(self, place: int, progress: Progress) -> Progress:
        """The progress of a part as that of the whole; its curve is left out where it is not the
        only one.
        """
        n = len(self._parts)

        def report(fraction: float, message: str, curve: dict[str, float] | None) -> None:
            said = f"{self._parts[place].title}: {message}"
            progress((place + fraction) / n, said, curve if n == 1 else None)

        return report

    def _speaks(self, history: NDArray[np.int64]) -> bool:
        nothing = np.empty(0, np.int64)
        return bool(self._rank([history], [nothing], 1).codes[0, 0] >= 0)

    def _explain(self, codes: NDArray[np.int64], history: NDArray[np.int64]) -> list[Reason | None]:
        """The reason of the first part that has one."""
        told = [part._explain(codes, history) for part in self._by_say()]
        return [next((one for one in each if one), None) for each in zip(*told, strict=True)]

    def _similar(self, code: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        for part in self._by_say():
            try:
                return part._similar(code, k)
            except NoSimilarityError:
                continue
        raise NoSimilarityError(f"no part of this '{self.name}' knows any likeness of items")

    def _by_say(self) -> Sequence[Algorithm[Any]]:
        """The parts, first the one whose word on an item counts most."""
        return self._parts

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        return {
            f"{_prefix(place)}{name}": array
            for place, part in enumerate(self._parts)
            for name, array in part._arrays().items()
        }

    def _files(self) -> Mapping[str, bytes | Path]:
        return {
            f"{_prefix(place)}{name}": file
            for place, part in enumerate(self._parts)
            for name, file in part._files().items()
        }

    def _restore(self, content: Artefact) -> None:
        for place, part in enumerate(self._parts):
            arrays = _without(_prefix(place), content.arrays)
            files = _without(_prefix(place), content.files)
            part.restore(
                Artefact(
                    algorithm=part.name, config=part.config.values(), arrays=arrays, files=files
                ),
                self._kept,
            )


def _prefix(place: int) -> str:
    return f"part{place}_"


def _without(prefix: str, named: Mapping[str, Any]) -> dict[str, Any]:
    return {name[len(prefix) :]: one for name, one in named.items() if name.startswith(prefix)}
