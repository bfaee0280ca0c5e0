"""The algorithms by name. Adding one is a line in ALGORITHMS; third parties have entry points."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommenders.algorithms import artefact, third_party
from recommenders.algorithms.als import Als
from recommenders.algorithms.base import Algorithm
from recommenders.algorithms.blend import Blend
from recommenders.algorithms.bpr import Bpr
from recommenders.algorithms.cold_start import ColdStart
from recommenders.algorithms.config import Field, Value
from recommenders.algorithms.content import Content
from recommenders.algorithms.conv_ctr import ConvCtr
from recommenders.algorithms.cooccurrence import Cooccurrence
from recommenders.algorithms.ease import Ease
from recommenders.algorithms.item_knn import ItemKnn
from recommenders.algorithms.mmr import Mmr
from recommenders.algorithms.popularity import Popularity
from recommenders.algorithms.random import Random
from recommenders.algorithms.remote import Remote
from recommenders.algorithms.repeat import Repeat
from recommenders.algorithms.slim import Slim
from recommenders.algorithms.two_stage import TwoStage
from recommenders.algorithms.user_knn import UserKnn
from recommenders.exceptions import (
    ArtefactError,
    BrokenAlgorithmError,
    HyperparameterError,
    UnknownAlgorithmError,
)

ALGORITHMS: dict[str, type[Algorithm[Any]]] = {
    algorithm.name: algorithm
    for algorithm in (
        Random,
        Popularity,
        Repeat,
        Content,
        Cooccurrence,
        ItemKnn,
        UserKnn,
        Ease,
        Slim,
        Als,
        Bpr,
        ConvCtr,
        Blend,
        TwoStage,
        Mmr,
        ColdStart,
        Remote,
    )
}


@dataclass(frozen=True, kw_only=True)
class Description:
    """An algorithm as a form shows it."""

    name: str
    title: str
    summary: str
    fields: tuple[Field, ...]


def names() -> list[str]:
    """The names `create` knows, simplest algorithm first, and then those of third parties."""
    return [*ALGORITHMS, *_others().usable]


def broken() -> dict[str, str]:
    """Why an algorithm of a third party cannot be used, by its name."""
    return dict(_others().broken)


def create(name: str, /, **config: object) -> Algorithm[Any]:
    """A new, unfitted model.

    Raises UnknownAlgorithmError, UnknownHyperparameterError or HyperparameterError.
    """
    algorithm = _algorithm(name)
    return algorithm(algorithm.config_type.of(name, config))


def describe(name: str) -> Description:
    """What the algorithm is and takes. Raises UnknownAlgorithmError."""
    algorithm = _algorithm(name)
    return Description(
        name=name,
        title=algorithm.title,
        summary=algorithm.summary,
        fields=algorithm.config_type.fields(),
    )


def settings(name: str, config: Mapping[str, object]) -> dict[str, Value]:
    """All hyper-parameters of a stored configuration by their names of today, defaults included.

    Raises UnknownAlgorithmError, UnknownHyperparameterError or HyperparameterError.
    """
    return _algorithm(name).config_type.of(name, config).values()


def load(folder: Path | str) -> Algorithm[Any]:
    """The model that `save` wrote. Raises ArtefactError where the folder holds none we can read."""
    content = artefact.read(Path(folder))
    try:
        model = create(content.algorithm, **content.config)
    except (UnknownAlgorithmError, HyperparameterError) as error:
        raise ArtefactError(f"{folder}: {error}") from error
    model.restore(content)
    return model


def _others() -> third_party.Found:
    return third_party.found(frozenset(ALGORITHMS))


def _algorithm(name: str) -> type[Algorithm[Any]]:
    if name in ALGORITHMS:
        return ALGORITHMS[name]
    others = _others()
    if name in others.broken:
        raise BrokenAlgorithmError(name, others.broken[name])
    if name not in others.usable:
        raise UnknownAlgorithmError(name, names())
    return others.usable[name]
