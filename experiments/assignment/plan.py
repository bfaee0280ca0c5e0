"""The plan: a frozen, versioned snapshot of all that routing needs, replaced as a whole."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from experiments.assignment.slate_rules import SlateRules

Range = tuple[int, int]
"""Half-open: [low, high) of the buckets 0..9999."""


Unit = Literal["user", "device"]
"""What is hashed: the user's id, or the device's where a request names one."""


class PlannedVariant(msgspec.Struct, frozen=True, kw_only=True):
    """An arm and its ranges of its experiment's buckets. Users of a killed arm leave the experiment
    and get no other arm.
    """

    key: str
    recommender: str
    ranges: tuple[Range, ...]
    killed: bool = False


class PlannedGate(msgspec.Struct, frozen=True, kw_only=True):
    """A layer by key and seed, and the ranges of its buckets that an experiment holds now."""

    layer: str
    seed: str
    unit: Unit = "user"
    slots: tuple[Range, ...]


class PlannedHoldout(msgspec.Struct, frozen=True, kw_only=True):
    """Users kept out of all experiments of a layer; of all experiments, where `layer` is None.

    The unit is the layer's; that of a holdout from everything is the user.
    """

    key: str
    layer: str | None
    seed: str
    ranges: tuple[Range, ...]


class PlannedExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment that takes the users whose bucket every gate holds.

    The first gate is of the layer of the placement. `seed` gives the buckets that the arms own, by
    the unit of the first gate. `overrides` are variants by user.
    """

    key: str
    placement: str
    phase: int
    seed: str
    gates: tuple[PlannedGate, ...] = ()
    condition: dict[str, Any] | None = None
    overrides: dict[str, str] = {}
    variants: tuple[PlannedVariant, ...]


class PlannedPlacement(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    default_recommender: str
    rules: SlateRules = SlateRules()


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
    """An API key, by its hash. `origins` and `per_minute` bound where from, and how often, a
    client key is used.
    """

    name: str
    sha256: str
    kind: Literal["server", "client"] = "server"
    role: str = "admin"
    origins: tuple[str, ...] = ()
    per_minute: int | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    version: int
    placements: dict[str, PlannedPlacement]
    experiments: tuple[PlannedExperiment, ...]
    holdouts: tuple[PlannedHoldout, ...] = ()
    recommenders: dict[str, PlannedRecommender]
    keys: dict[str, PlannedKey]
    """By the SHA-256 of the key."""
    unavailable: frozenset[str] = frozenset()
    """The items of the catalogue that may not be recommended now."""


EMPTY = Plan(version=0, placements={}, experiments=(), recommenders={}, keys={})
"""What a process routes by before anything was published."""
