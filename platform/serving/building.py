"""The plan that the database describes."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from experiments import selectors, slate_rules
from experiments.assignment import (
    Plan,
    PlannedExperiment,
    PlannedGate,
    PlannedHoldout,
    PlannedKey,
    PlannedPlacement,
    PlannedRecommender,
    PlannedVariant,
    Range,
    ranges,
)
from experiments.assignment.plan import Unit
from experiments.models import Experiment, Holdout, Placement
from recommenders.models import Item, Recommender
from serving.access import CLIENT
from serving.models import ApiKey


def build(version: int) -> Plan:
    """All that routing needs, as it is now."""
    placements = Placement.objects.select_related("default_recommender")
    recommenders = Recommender.objects.select_related("live__recommender")
    return Plan(
        version=version,
        placements={
            placement.key: PlannedPlacement(
                key=placement.key,
                default_recommender=placement.default_recommender.key,
                rules=slate_rules.of(placement),
            )
            for placement in placements
        },
        experiments=tuple(_experiment(experiment) for experiment in selectors.running()),
        holdouts=tuple(
            _holdout(holdout)
            for holdout in Holdout.objects.filter(ended_at=None).select_related("layer")
        ),
        recommenders={recommender.key: planned(recommender) for recommender in recommenders},
        unavailable=unavailable(),
        keys={key.sha256: _key(key) for key in ApiKey.objects.filter(revoked_at=None)},
    )


def unavailable() -> frozenset[str]:
    """The items that may not be recommended now."""
    return frozenset(Item.objects.filter(available=False).values_list("key", flat=True))


def _experiment(experiment: Experiment) -> PlannedExperiment:
    phase = list(experiment.phases.all())[-1]
    return PlannedExperiment(
        key=experiment.key,
        placement=experiment.placement.key,
        phase=phase.number,
        seed=phase.seed,
        gates=_gates(experiment),
        condition=experiment.condition,
        overrides={one.user: one.variant.key for one in experiment.overrides.all()},
        variants=tuple(
            PlannedVariant(
                key=variant.key,
                recommender=variant.recommender.key,
                ranges=_pairs(phase.ranges.get(variant.key, [])),
                killed=variant.key in phase.killed,
            )
            for variant in experiment.variants.all()
        ),
    )


def _gates(experiment: Experiment) -> tuple[PlannedGate, ...]:
    """The placement's own layer first."""
    own = (experiment.layer, experiment.slots)
    further = [(one.layer, one.slots) for one in experiment.memberships.all()]
    return tuple(
        PlannedGate(
            layer=layer.key, seed=layer.seed, unit=cast(Unit, layer.unit), slots=_pairs(slots)
        )
        for layer, slots in (own, *further)
    )


def _holdout(holdout: Holdout) -> PlannedHoldout:
    # From the first bucket on: another share takes users in or lets some go, and moves nobody else.
    held = ranges.claim(Decimal(holdout.share), ())
    return PlannedHoldout(
        key=holdout.key,
        layer=holdout.layer.key if holdout.layer else None,
        seed=holdout.seed,
        ranges=tuple(held or ()),
    )


def planned(recommender: Recommender) -> PlannedRecommender:
    """What a plan says of it: its live version."""
    live = recommender.live
    return PlannedRecommender(
        key=recommender.key,
        version=live.name if live else None,
        folder=live.folder if live else None,
        popular=tuple((item, people) for item, people in live.popular) if live else (),
    )


def _key(key: ApiKey) -> PlannedKey:
    return PlannedKey(
        name=key.name,
        sha256=key.sha256,
        kind="client" if key.kind == CLIENT else "server",
        role=key.role,
        origins=tuple(key.origins),
        per_minute=key.per_minute,
    )


def _pairs(found: list[list[int]]) -> tuple[Range, ...]:
    """JSON's lists as ranges."""
    return tuple((low, high) for low, high in found)
