"""A plan of 50 experiments in 10 layers on 10 placements, with what real ones have: conditions,
holdouts, overrides, an arm that was killed.
"""

from __future__ import annotations

from typing import Any

from experiments.assignment import (
    Plan,
    PlannedExperiment,
    PlannedGate,
    PlannedHoldout,
    PlannedPlacement,
    PlannedVariant,
    Unit,
)

LAYERS = 10
EACH = 5  # experiments of a layer
SLOT = 10_000 // EACH

ATTRIBUTES: dict[str, Any] = {"country": "NL", "age": 34, "tags": ["new", "mobile"], "plan": "pro"}
CONDITIONS: tuple[dict[str, Any] | None, ...] = (
    {"country": {"$in": ["NL", "BE", "LU"]}},
    {"age": {"$gte": 18, "$lt": 65}, "plan": "pro"},
    {"$or": [{"tags": {"$all": ["new"]}}, {"country": "DE"}]},
    {"$not": {"plan": {"$in": ["trial", "free"]}}},
    {"country": "NL", "tags": {"$size": {"$gte": 1}}, "age": {"$exists": True}},
)


def plan() -> Plan:
    return Plan(
        version=1,
        placements={
            f"place-{n}": PlannedPlacement(key=f"place-{n}", default_recommender="popular")
            for n in range(LAYERS)
        },
        experiments=tuple(_experiment(layer, n) for layer in range(LAYERS) for n in range(EACH)),
        holdouts=(
            PlannedHoldout(key="all", layer=None, seed="5f1c9a7b3e2d4860", ranges=((0, 100),)),
            PlannedHoldout(key="one", layer="layer-3", seed="5f1c9a7b3e2d4861", ranges=((0, 500),)),
        ),
        recommenders={},
        keys={},
    )


def _experiment(layer: int, n: int) -> PlannedExperiment:
    unit: Unit = "device" if layer == 0 else "user"
    slots = ((n * SLOT, (n + 1) * SLOT),)
    return PlannedExperiment(
        key=f"experiment-{layer}-{n}",
        placement=f"place-{layer}",
        phase=1,
        seed=f"7f3a9c1e5b2d{layer:02d}{n:02d}",
        gates=(
            PlannedGate(
                layer=f"layer-{layer}", seed=f"0b9d4c7a1e3f{layer:04d}", unit=unit, slots=slots
            ),
        ),
        condition=CONDITIONS[(layer + n) % len(CONDITIONS)],
        overrides={"qa-1": "treatment"} if n == 0 else {},
        variants=(
            PlannedVariant(key="control", recommender="popular", ranges=((0, 5000),)),
            PlannedVariant(
                key="treatment", recommender="knn", ranges=((5000, 10000),), killed=n == 4
            ),
        ),
    )
