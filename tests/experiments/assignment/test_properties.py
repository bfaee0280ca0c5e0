"""What holds of every plan whose experiments were given disjoint slots."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import combinations

import msgspec
import numpy as np
import pytest
from scipy.stats import chi2_contingency

from experiments.assignment import (
    EMPTY,
    Plan,
    PlannedExperiment,
    PlannedGate,
    PlannedHoldout,
    PlannedPlacement,
    PlannedVariant,
    Range,
    Reason,
    assign,
    assign_on,
    bucket,
    ranges,
    standings,
)

LAYERS = ("a", "b", "c")
HALVES = {"control": Decimal("0.5"), "treatment": Decimal("0.5")}
USERS = [f"user-{n}" for n in range(2_000)]


def experiment(
    key: str, layers: dict[str, list[Range]], arms: dict[str, list[Range]] | None = None
) -> PlannedExperiment:
    owned = arms if arms is not None else ranges.split(HALVES)
    return PlannedExperiment(
        key=key,
        placement=next(iter(layers)),
        phase=1,
        seed=f"arms of {key}",
        gates=tuple(
            PlannedGate(layer=layer, seed=f"layer {layer}", slots=tuple(slots))
            for layer, slots in layers.items()
        ),
        variants=tuple(
            PlannedVariant(key=arm, recommender=arm, ranges=tuple(own))
            for arm, own in owned.items()
        ),
    )


def plan(*experiments: PlannedExperiment, holdouts: tuple[PlannedHoldout, ...] = ()) -> Plan:
    placements = {key: PlannedPlacement(key=key, default_recommender="popular") for key in LAYERS}
    return msgspec.structs.replace(
        EMPTY, placements=placements, experiments=experiments, holdouts=holdouts
    )


def drawn(rng: random.Random, *, ramped: float = 1.0) -> Plan:
    """Six experiments, each in one to three layers with a slice of its own of each; of the first
    the share `ramped`. Five hundred buckets are held out of everything, and of layer b.
    """
    experiments = []
    for n in range(6):
        layers = rng.sample(LAYERS, rng.randint(1, 3))
        own = {layer: [(n * 1_600, n * 1_600 + rng.randint(200, 1_600))] for layer in layers}
        first = layers[0]
        reserved = ranges.size(own[first])
        own[first] = ranges.first(own[first], Decimal(round(reserved * ramped)) / 10_000)
        experiments.append(experiment(f"e{n}", own))
    holdouts = tuple(
        PlannedHoldout(key=str(layer), layer=layer, seed=f"held {layer}", ranges=((0, 500),))
        for layer in (None, "b")
    )
    return plan(*experiments, holdouts=holdouts)


@pytest.mark.parametrize("seed", range(5))
def test_no_two_experiments_of_a_layer_have_a_user_in_common(seed: int) -> None:
    under = drawn(random.Random(seed))
    layers = {e.key: {gate.layer for gate in e.gates} for e in under.experiments}

    inside = 0
    for user in USERS:
        held = [s.experiment for s in standings(under, user) if s.reason is Reason.SPLIT]
        inside += len(held)
        assert all(not layers[one] & layers[other] for one, other in combinations(held, 2))
    assert inside > 30


@pytest.mark.parametrize("seed", range(5))
def test_whoever_is_held_out_is_in_no_experiment_of_what_they_are_held_out_of(seed: int) -> None:
    under = drawn(random.Random(seed))
    free = msgspec.structs.replace(under, holdouts=())
    of_b = {e.key for e in under.experiments if "b" in {gate.layer for gate in e.gates}}

    taken = 0
    for user in USERS:
        everywhere, in_b = (
            any(low <= bucket(f"held {layer}", user) < high for low, high in [(0, 500)])
            for layer in (None, "b")
        )
        for held, was in zip(standings(under, user), standings(free, user), strict=True):
            if everywhere or (in_b and held.experiment in of_b):
                assert (held.reason, held.variant) == (Reason.HOLDOUT, None)
                taken += was.reason is Reason.SPLIT
            else:
                assert held == was
    assert taken > 3


@pytest.mark.parametrize("seed", range(5))
def test_a_ramp_takes_users_in_and_moves_nobody(seed: int) -> None:
    steps = [drawn(random.Random(seed), ramped=share) for share in (0.1, 0.4, 1.0)]

    for user in USERS:
        before: dict[str, str] = {}
        for under in steps:
            now = {s.experiment: s.variant for s in standings(under, user) if s.variant}
            assert before.items() <= now.items()
            before = now


def test_a_re_weight_moves_the_share_that_was_told_and_the_others_stay() -> None:
    before = ranges.split(HALVES)
    thirds = {"control": Decimal("0.4"), "treatment": Decimal("0.3"), "third": Decimal("0.3")}
    after = ranges.reweigh(before, thirds)
    old, new = (plan(experiment("one", {"a": [(0, 10_000)]}, arms)) for arms in (before, after))

    users = [f"user-{n}" for n in range(10_000)]
    moved = 0
    for user in users:
        was, now = assign_on(old, user, "a").variant, assign_on(new, user, "a").variant
        moved += was != now
        assert was == now or now == "third"

    told = ranges.moved(before, after) / 10_000
    assert told == 0.3
    assert abs(moved / len(users) - told) < 4 * (told * (1 - told) / len(users)) ** 0.5


def test_layers_and_arms_are_independent_of_one_another() -> None:
    quarters = [[(n * 2_500, (n + 1) * 2_500)] for n in range(4)]
    under = plan(
        *(experiment(f"{layer}{n}", {layer: quarters[n]}) for layer in LAYERS for n in range(4))
    )
    cells = {
        f"{layer}{n} {arm}": 2 * n + i
        for layer in LAYERS
        for n in range(4)
        for i, arm in enumerate(HALVES)
    }

    found = np.array(
        [
            [cells[f"{a.experiment} {a.variant}"] for a in assign(under, f"user-{n}")]
            for n in range(20_000)
        ]
    )

    for one, other in combinations(range(3), 2):
        table = np.zeros((8, 8))
        np.add.at(table, (found[:, one], found[:, other]), 1)
        assert chi2_contingency(table).pvalue > 0.001
        assert chi2_contingency(np.vstack([table.sum(0), table.sum(1)])).pvalue > 0.001
