import msgspec
import pytest

from experiments.assignment import (
    EMPTY,
    Plan,
    PlannedExperiment,
    PlannedPlacement,
    PlannedVariant,
    Range,
    Reason,
    assign,
    assign_on,
    bucket_many,
)

USERS = [f"u{i}" for i in range(5_000)]


def experiment(
    key: str, slots: tuple[Range, ...], *, placement: str = "home", layer: str = "layer"
) -> PlannedExperiment:
    return PlannedExperiment(
        key=key,
        placement=placement,
        phase=1,
        seed=f"seed of {key}",
        layer_seed=layer,
        slots=slots,
        variants=(
            PlannedVariant(key="control", recommender="popular", ranges=((0, 5000),)),
            PlannedVariant(key="treatment", recommender="knn", ranges=((5000, 10000),)),
        ),
    )


def plan(*experiments: PlannedExperiment) -> Plan:
    placements = {
        key: PlannedPlacement(key=key, default_recommender="popular") for key in ("home", "cart")
    }
    return msgspec.structs.replace(EMPTY, placements=placements, experiments=experiments)


def test_a_placement_without_experiments_serves_its_default() -> None:
    assignment = assign_on(plan(), "u1", "home")

    assert assignment.recommender == "popular"
    assert assignment.experiment is None
    assert assignment.bucket is None
    assert assignment.reason is Reason.NO_EXPERIMENT


def test_the_bucket_decides_the_variant() -> None:
    running = plan(experiment("one", ((0, 10000),)))

    buckets = bucket_many("seed of one", USERS).tolist()
    assignments = [assign_on(running, user, "home") for user in USERS]

    assert [a.bucket for a in assignments] == buckets
    assert [a.variant for a in assignments] == [
        "control" if b < 5000 else "treatment" for b in buckets
    ]
    assert {a.reason for a in assignments} == {Reason.SPLIT}


def test_experiments_of_one_layer_share_no_user() -> None:
    both = plan(experiment("one", ((0, 6000),)), experiment("two", ((6000, 9000),)))

    layer = bucket_many("layer", USERS).tolist()
    found = [assign_on(both, user, "home").experiment for user in USERS]

    assert found == ["one" if b < 6000 else "two" if b < 9000 else None for b in layer]


def test_who_is_in_no_experiment_is_told_why() -> None:
    there = experiment("there", ((0, 6000),), placement="cart")
    here = experiment("here", ((6000, 9000),))

    for user, place in zip(USERS, bucket_many("layer", USERS).tolist(), strict=True):
        reason = assign_on(plan(there, here), user, "home").reason
        if place < 6000:
            assert reason is Reason.OTHER_EXPERIMENT
        elif place >= 9000:
            assert reason is Reason.OUTSIDE_TRAFFIC


def test_more_traffic_moves_nobody() -> None:
    little = plan(experiment("one", ((0, 2000),)))
    much = plan(experiment("one", ((0, 8000),)))

    for user in USERS:
        before = assign_on(little, user, "home")
        if before.variant is not None:
            assert assign_on(much, user, "home") == before


def test_assign_answers_for_every_placement() -> None:
    running = plan(experiment("one", ((0, 10000),)))

    assert [a.placement for a in assign(running, "u1")] == ["home", "cart"]


def test_an_unknown_placement_is_no_placement() -> None:
    with pytest.raises(KeyError):
        assign_on(plan(), "u1", "nowhere")
