"""What recommenders, their versions and their trainings look like to callers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from api.management.fields import Key, Why, says
from api.management.listing import Listed
from recommenders.gate import GateVerdict, Stage
from recommenders.provenance import Provenance
from recommenders.training_settings import TrainingSettings

Algorithm = Annotated[
    str, msgspec.Meta(max_length=64, description="The algorithm's name, such as `item_knn`.")
]
Config = Annotated[
    dict[str, Any], says("Its hyper-parameters by name; those left out have their defaults.")
]


class Recommender(msgspec.Struct, frozen=True, kw_only=True):
    """A named configuration of an algorithm: what a variant serves."""

    key: Key
    algorithm: Algorithm
    config: Config
    live: Annotated[str | None, says("The model version that answers; null before the first.")]
    training: Annotated[TrainingSettings, says("How it is trained; unlike `config` it may change.")]
    created_at: Annotated[datetime, says("When it was registered.")]


class NewRecommender(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recommender to be."""

    key: Key
    algorithm: Algorithm
    config: Config = {}


class RecommenderChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is trained from the next training on."""

    training: Annotated[
        TrainingSettings, says("All of it: what is left out of it has its default.")
    ]
    why: Why = ""


class RecommendersListed(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which recommenders."""

    algorithm: Annotated[str | UnsetType, says("Only those of this algorithm.")] = UNSET


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One trained artefact. It never changes."""

    name: Annotated[str, says("Recommender and number: `item-knn@3`.")]
    number: Annotated[int, says("From 1.")]
    checksum: Annotated[str, says("SHA-256 over the artefact's files.")]
    size_bytes: Annotated[int, says("Of the artefact.")]
    data_from: Annotated[datetime, says("The oldest interaction it was trained on.")]
    data_until: Annotated[datetime, says("The newest interaction it was trained on.")]
    interactions: Annotated[int, says("How many it was trained on.")]
    users: Annotated[int, says("How many users these had.")]
    items: Annotated[int, says("How many items these had.")]
    metrics: Annotated[
        dict[str, float], says("Offline figures on the newest part of the data, held out.")
    ]
    stage: Annotated[Stage, says("`live` answers, `retired` did, and `candidate` never has.")]
    gate: Annotated[
        GateVerdict | None,
        says("Against the version that was live when it was made; null where none was."),
    ]
    learned_from: Annotated[Provenance, says("Where its data came from, and what was left out.")]
    created_at: Annotated[datetime, says("When it was made.")]


class Promoting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version is to go live."""

    despite_gate: Annotated[
        bool, says("Also where the gate does not let it; that takes a `why`.")
    ] = False
    why: Why = ""


Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """A job that makes a model version."""

    id: Annotated[int, says("Its number.")]
    status: Annotated[Status, says("How far it is.")]
    progress: Annotated[float, msgspec.Meta(ge=0, le=1, description="Of this attempt.")]
    message: Annotated[str, says("What is being done, in words.")]
    error: Annotated[str | None, says("Why the last attempt failed.")]
    version: Annotated[str | None, says("The model version that it made.")]
    created_at: Annotated[datetime, says("When it was asked for.")]
    finished_at: Annotated[datetime | None, says("When it ended.")]
