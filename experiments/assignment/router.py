"""A plan made ready for routing: seeds hashed, slots sorted, once for each plan object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from experiments.assignment.conditions import Test
from experiments.assignment.conditions import compiled as compiled_condition
from experiments.assignment.hashing import fnv1a32
from experiments.assignment.owners import Owners
from experiments.assignment.plan import (
    Plan,
    PlannedExperiment,
    PlannedHoldout,
    PlannedVariant,
    Unit,
)
from experiments.exceptions import Invalid

_KEPT_AS = "router"


@dataclass(frozen=True, eq=False, slots=True)
class Holdout:
    """Users kept out: `unit` hashed under a seed gives a bucket that is held, or not."""

    seed_hash: int
    unit: Unit
    held: Owners[bool]


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """Whose its buckets are, by the experiment's key."""

    key: str
    seed_hash: int
    unit: Unit
    owners: Owners[str]
    holdouts: tuple[Holdout, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Experiment:
    """`layers` are those of the gates, in order; `unit` is the first one's. `targets` is None where
    all users are meant.
    """

    planned: PlannedExperiment
    seed_hash: int
    unit: Unit
    layers: tuple[Layer, ...]
    arms: Owners[PlannedVariant]
    overrides: dict[str, PlannedVariant]
    targets: Test | None


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A placement with the experiments on it, by key, and the layer they all share; None where
    there are none.
    """

    key: str
    default_recommender: str
    layer: Layer | None
    experiments: dict[str, Experiment]
    overriding: tuple[Experiment, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Router:
    """`holdouts` are those from everything."""

    places: dict[str, Place]
    experiments: tuple[Experiment, ...]
    holdouts: tuple[Holdout, ...]


def router_of(plan: Plan) -> Router:
    """The plan's router, made at first and kept with the plan."""
    router: Router | None = plan.__dict__.get(_KEPT_AS)
    if router is None:
        router = plan.__dict__[_KEPT_AS] = compiled(plan)
    return router


def compiled(plan: Plan) -> Router:
    """An experiment without a gate, as plans had before there were any, takes nobody."""
    gated = [experiment for experiment in plan.experiments if experiment.gates]
    layers = _layers(gated, plan.holdouts)
    experiments = tuple(_experiment(experiment, layers) for experiment in gated)
    return Router(
        places={
            key: _place(key, placement.default_recommender, experiments)
            for key, placement in plan.placements.items()
        },
        experiments=experiments,
        holdouts=tuple(_holdout(h, "user") for h in plan.holdouts if h.layer is None),
    )


def _layers(
    experiments: list[PlannedExperiment], holdouts: tuple[PlannedHoldout, ...]
) -> dict[str, Layer]:
    held = [(e.key, gate) for e in experiments for gate in e.gates]
    return {
        layer.layer: Layer(
            key=layer.layer,
            seed_hash=fnv1a32(layer.seed),
            unit=layer.unit,
            owners=Owners((gate.slots, key) for key, gate in held if gate.layer == layer.layer),
            holdouts=tuple(_holdout(h, layer.unit) for h in holdouts if h.layer == layer.layer),
        )
        for _, layer in held
    }


def _holdout(planned: PlannedHoldout, unit: Unit) -> Holdout:
    return Holdout(
        seed_hash=fnv1a32(planned.seed), unit=unit, held=Owners([(planned.ranges, True)])
    )


def _experiment(planned: PlannedExperiment, layers: dict[str, Layer]) -> Experiment:
    variants = {variant.key: variant for variant in planned.variants}
    return Experiment(
        planned=planned,
        seed_hash=fnv1a32(planned.seed),
        unit=planned.gates[0].unit,
        layers=tuple(layers[gate.layer] for gate in planned.gates),
        arms=Owners((variant.ranges, variant) for variant in planned.variants),
        overrides={
            user: variants[key] for user, key in planned.overrides.items() if key in variants
        },
        targets=None if planned.condition is None else _target(planned.condition),
    )


def _target(condition: dict[str, Any]) -> Test:
    """The condition's test. One that this version cannot read, because another saved it, takes
    nobody.
    """
    try:
        return compiled_condition(condition)
    except Invalid:
        return lambda attributes: False


def _place(key: str, default_recommender: str, experiments: tuple[Experiment, ...]) -> Place:
    here = {e.planned.key: e for e in experiments if e.planned.placement == key}
    return Place(
        key=key,
        default_recommender=default_recommender,
        layer=next((experiment.layers[0] for experiment in here.values()), None),
        experiments=here,
        overriding=tuple(experiment for experiment in here.values() if experiment.overrides),
    )
