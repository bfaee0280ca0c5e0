"""The plan: a frozen, versioned snapshot of all that routing needs, replaced as a whole."""

from __future__ import annotations

import msgspec

Range = tuple[int, int]
"""Half-open: [low, high) of the buckets 0..9999."""


class PlannedVariant(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    recommender: str
    ranges: tuple[Range, ...]


class PlannedExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment that takes users. `slots` are its ranges of its layer's buckets."""

    key: str
    placement: str
    phase: int
    seed: str
    layer_seed: str
    slots: tuple[Range, ...]
    variants: tuple[PlannedVariant, ...]


class PlannedPlacement(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    default_recommender: str


class PlannedRecommender(msgspec.Struct, frozen=True, kw_only=True):
    """A recommender's live model version, or None while nothing has been trained.

    `popular` are the items most people chose in the data of that version, and how many did: the
    last resort of a slate, which needs no model, no Valkey and no database.
    """

    key: str
    version: str | None
    folder: str | None
    popular: tuple[tuple[str, int], ...]


class PlannedKey(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sha256: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    placements: dict[str, PlannedPlacement]
    experiments: tuple[PlannedExperiment, ...]
    recommenders: dict[str, PlannedRecommender]
    keys: dict[str, PlannedKey]
    """By the SHA-256 of the key."""


EMPTY = Plan(version=0, placements={}, experiments=(), recommenders={}, keys={})
"""What a process routes by before anything was published."""
