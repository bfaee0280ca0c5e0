"""A plan made ready for routing, once for each plan object: seeds hashed, slots laid out by bucket,
conditions compiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from experiments.assignment.assignments import Assignment, Reason
from experiments.assignment.conditions import Test
from experiments.assignment.conditions import compiled as compiled_condition
from experiments.assignment.owners import Owners
from experiments.assignment.plan import Plan, PlannedExperiment, PlannedHoldout, PlannedVariant
from experiments.assignment.seeds import Seed, Seeds
from experiments.exceptions import Invalid

_KEPT_AS = "router"


@dataclass(frozen=True, eq=False, slots=True)
class Holdout:
    """Users kept out: those whose bucket under `seed` is held."""

    seed: Seed
    held: Owners[bool]


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """Whose its buckets are, by the experiment's key."""

    key: str
    seed: Seed
    owners: Owners[str]
    holdouts: tuple[Holdout, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Experiment:
    """`layers` are those of the gates, in order. `targets` is None where all users are meant."""

    planned: PlannedExperiment
    seed: Seed
    layers: tuple[Layer, ...]
    arms: Owners[PlannedVariant]
    overrides: dict[str, PlannedVariant]
    targets: Test | None


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A placement with the experiments on it, by key, and the layer they all share; None where
    there are none. `overrides` are of all of them, the first experiment's before the others', and
    `outside` is the assignment of who is in none of them, by the reason.
    """

    layer: Layer | None
    experiments: dict[str, Experiment]
    overrides: dict[str, tuple[Experiment, PlannedVariant]]
    outside: dict[Reason, Assignment]


@dataclass(frozen=True, eq=False, slots=True)
class Router:
    """`holdouts` are those from everything."""

    places: dict[str, Place]
    experiments: tuple[Experiment, ...]
    holdouts: tuple[Holdout, ...]
    seeds: Seeds


def router_of(plan: Plan) -> Router:
    """The plan's router, made at first and kept with the plan."""
    router: Router | None = plan.__dict__.get(_KEPT_AS)
    if router is None:
        router = plan.__dict__[_KEPT_AS] = compiled(plan)
    return router


def compiled(plan: Plan) -> Router:
    """An experiment without a gate, as plans had before there were any, takes nobody."""
    seeds = Seeds()
    gated = [experiment for experiment in plan.experiments if experiment.gates]
    layers = _layers(gated, plan.holdouts, seeds)
    experiments = tuple(_experiment(experiment, layers, seeds) for experiment in gated)
    return Router(
        places={
            key: _place(key, placement.default_recommender, experiments)
            for key, placement in plan.placements.items()
        },
        experiments=experiments,
        holdouts=tuple(
            _holdout(h, seeds.add(h.seed, "user")) for h in plan.holdouts if h.layer is None
        ),
        seeds=seeds,
    )


def _layers(
    experiments: list[PlannedExperiment], holdouts: tuple[PlannedHoldout, ...], seeds: Seeds
) -> dict[str, Layer]:
    held = [(e.key, gate) for e in experiments for gate in e.gates]
    return {
        layer.layer: Layer(
            key=layer.layer,
            seed=seeds.add(layer.seed, layer.unit),
            owners=Owners((gate.slots, key) for key, gate in held if gate.layer == layer.layer),
            holdouts=tuple(
                _holdout(h, seeds.add(h.seed, layer.unit))
                for h in holdouts
                if h.layer == layer.layer
            ),
        )
        for layer in {gate.layer: gate for _, gate in held}.values()
    }


def _holdout(planned: PlannedHoldout, seed: Seed) -> Holdout:
    return Holdout(seed=seed, held=Owners([(planned.ranges, True)]))


def _experiment(planned: PlannedExperiment, layers: dict[str, Layer], seeds: Seeds) -> Experiment:
    variants = {variant.key: variant for variant in planned.variants}
    return Experiment(
        planned=planned,
        seed=seeds.add(planned.seed, planned.gates[0].unit),
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
        layer=next((experiment.layers[0] for experiment in here.values()), None),
        experiments=here,
        overrides={
            user: (experiment, variant)
            for experiment in reversed(here.values())
            for user, variant in experiment.overrides.items()
        },
        outside={
            reason: Assignment(
                placement=key,
                experiment=None,
                phase=None,
                variant=None,
                recommender=default_recommender,
                bucket=None,
                reason=reason,
            )
            for reason in Reason
        },
    )
