from typing import Any

import msgspec
import pytest

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
    Unit,
    assign,
    assign_on,
    bucket_many,
    standings,
)

USERS = [f"u{i}" for i in range(5_000)]
ALL: tuple[Range, ...] = ((0, 10000),)


def gate(layer: str, *slots: Range, unit: Unit = "user") -> PlannedGate:
    return PlannedGate(layer=layer, seed=f"seed of {layer}", unit=unit, slots=slots)


def experiment(
    key: str,
    *gates: PlannedGate,
    placement: str = "home",
    overrides: dict[str, str] | None = None,
    killed: str | None = None,
    condition: dict[str, Any] | None = None,
) -> PlannedExperiment:
    arms = (("control", "popular", (0, 5000)), ("treatment", "knn", (5000, 10000)))
    return PlannedExperiment(
        key=key,
        placement=placement,
        phase=1,
        seed=f"seed of {key}",
        gates=gates,
        condition=condition,
        overrides=overrides or {},
        variants=tuple(
            PlannedVariant(key=arm, recommender=served, ranges=(own,), killed=arm == killed)
            for arm, served, own in arms
        ),
    )


def holdout(layer: str | None, *ranges: Range) -> PlannedHoldout:
    return PlannedHoldout(key="held", layer=layer, seed="seed of held", ranges=ranges)


def plan(*experiments: PlannedExperiment, holdouts: tuple[PlannedHoldout, ...] = ()) -> Plan:
    placements = {
        key: PlannedPlacement(key=key, default_recommender="popular") for key in ("home", "cart")
    }
    return msgspec.structs.replace(
        EMPTY, placements=placements, experiments=experiments, holdouts=holdouts
    )


def buckets(seed: str) -> list[int]:
    return list(bucket_many(f"seed of {seed}", USERS).tolist())


def reasons(under: Plan, placement: str = "home") -> list[Reason]:
    return [assign_on(under, user, placement).reason for user in USERS]


def test_a_placement_without_experiments_serves_its_default() -> None:
    assignment = assign_on(plan(), "u1", "home")

    assert assignment.recommender == "popular"
    assert assignment.experiment is None
    assert assignment.bucket is None
    assert assignment.reason is Reason.NO_EXPERIMENT


def test_the_bucket_decides_the_variant() -> None:
    running = plan(experiment("one", gate("home", *ALL)))

    assignments = [assign_on(running, user, "home") for user in USERS]

    assert [a.bucket for a in assignments] == buckets("one")
    assert [a.variant for a in assignments] == [
        "control" if b < 5000 else "treatment" for b in buckets("one")
    ]
    assert {a.reason for a in assignments} == {Reason.SPLIT}


def test_experiments_of_one_layer_share_no_user() -> None:
    both = plan(
        experiment("one", gate("home", (0, 6000))), experiment("two", gate("home", (6000, 9000)))
    )

    found = [assign_on(both, user, "home").experiment for user in USERS]

    assert found == ["one" if b < 6000 else "two" if b < 9000 else None for b in buckets("home")]


def test_who_is_in_no_experiment_is_told_why() -> None:
    there = experiment("there", gate("shared", (0, 6000)), placement="cart")
    here = experiment("here", gate("shared", (6000, 9000)))

    assert reasons(plan(there, here)) == [
        "other_experiment" if b < 6000 else "split" if b < 9000 else "outside_traffic"
        for b in buckets("shared")
    ]


def test_an_experiment_of_two_layers_takes_who_is_in_its_slots_of_both() -> None:
    both = experiment("both", gate("home", (0, 6000)), gate("cart", (0, 5000)))
    cart = experiment("cart", gate("cart", (5000, 8000)), placement="cart")

    assert reasons(plan(both, cart)) == [
        "outside_traffic"
        if home >= 6000
        else "split"
        if cart < 5000
        else "other_experiment"
        if cart < 8000
        else "outside_traffic"
        for home, cart in zip(buckets("home"), buckets("cart"), strict=True)
    ]


def test_who_is_held_out_of_everything_is_in_no_experiment() -> None:
    running = plan(experiment("one", gate("home", *ALL)), holdouts=(holdout(None, (0, 500)),))

    assert reasons(running) == ["holdout" if b < 500 else "split" for b in buckets("held")]
    assert set(reasons(running, "cart")) == {Reason.NO_EXPERIMENT}


def test_a_holdout_of_a_layer_keeps_out_of_all_that_take_traffic_of_it() -> None:
    both = experiment("both", gate("home", *ALL), gate("cart", (0, 5000)))
    alone = experiment("alone", gate("other", *ALL), placement="cart")
    running = plan(both, alone, holdouts=(holdout("cart", (0, 500)),))

    assert reasons(running) == [
        "holdout" if held < 500 else "split" if cart < 5000 else "outside_traffic"
        for held, cart in zip(buckets("held"), buckets("cart"), strict=True)
    ]
    assert set(reasons(running, "cart")) == {Reason.SPLIT}


def test_who_does_not_meet_the_condition_is_not_targeted() -> None:
    running = plan(experiment("one", gate("home", (0, 5000)), condition={"country": "NL"}))

    for user, home in zip(USERS, buckets("home"), strict=True):
        here, there = (
            assign_on(running, user, "home", {"country": country}) for country in ("NL", "BE")
        )
        assert here.reason == ("split" if home < 5000 else "outside_traffic")
        assert there.reason == ("not_targeted" if home < 5000 else "outside_traffic")
        assert there == assign_on(running, user, "home")


def test_a_condition_that_this_version_cannot_read_meets_nobody() -> None:
    running = plan(experiment("one", gate("home", *ALL), condition={"a": {"$later": 1}}))

    assert assign_on(running, "u1", "home", {"a": 1}).reason is Reason.NOT_TARGETED


def test_users_of_a_killed_arm_leave_and_nobody_else_moves() -> None:
    before = plan(experiment("one", gate("home", *ALL)))
    after = plan(experiment("one", gate("home", *ALL), killed="treatment"))

    for user, bucket in zip(USERS, buckets("one"), strict=True):
        given = assign_on(after, user, "home")
        if bucket < 5000:
            assert given == assign_on(before, user, "home")
        else:
            assert (given.experiment, given.variant, given.bucket) == (None, None, None)
            assert (given.recommender, given.reason) == ("popular", Reason.ARM_KILLED)


def test_an_overridden_user_sees_the_variant_whatever_else_holds() -> None:
    shown = experiment("one", gate("home"), overrides={"u1": "treatment"}, killed="treatment")
    running = plan(shown, holdouts=(holdout(None, *ALL),))

    given = assign_on(running, "u1", "home")

    assert (given.experiment, given.variant, given.recommender) == ("one", "treatment", "knn")
    assert given.reason is Reason.OVERRIDE
    assert assign_on(running, "u2", "home").reason is Reason.HOLDOUT


def test_a_device_keeps_its_variant_when_its_user_logs_in() -> None:
    running = plan(experiment("one", gate("home", (0, 5000), unit="device")))

    before = [assign_on(running, f"visitor {d}", "home", device=d) for d in USERS]
    after = [assign_on(running, "u1", "home", device=d) for d in USERS]

    assert before == after
    assert before == [assign_on(running, d, "home") for d in USERS]
    assert {a.variant for a in after} == {"control", "treatment", None}


def test_a_device_decides_nothing_where_the_unit_is_the_user() -> None:
    running = plan(experiment("one", gate("home", (0, 5000))))

    for user in USERS[:100]:
        assert assign_on(running, user, "home", device="d1") == assign_on(running, user, "home")


def test_more_traffic_moves_nobody() -> None:
    little = plan(experiment("one", gate("home", (0, 2000))))
    much = plan(experiment("one", gate("home", (0, 8000))))

    for user in USERS:
        before = assign_on(little, user, "home")
        if before.variant is not None:
            assert assign_on(much, user, "home") == before


def test_assign_answers_for_every_placement() -> None:
    running = plan(experiment("one", gate("home", *ALL)))

    assert [a.placement for a in assign(running, "u1")] == ["home", "cart"]


def test_a_standing_says_where_a_user_is_towards_every_experiment() -> None:
    one = experiment("one", gate("home", (0, 6000)), gate("cart", *ALL))
    two = experiment("two", gate("home", (6000, 10000)), overrides={"u7": "control"})
    running = plan(one, two)

    for user, home in zip(USERS, buckets("home"), strict=True):
        given, stands = assign_on(running, user, "home"), standings(running, user)
        inside = {s.experiment: s.variant for s in stands if s.variant}
        assert [s.experiment for s in stands] == ["one", "two"]
        assert inside == {given.experiment: given.variant}
        assert [set(s.layer_buckets) for s in stands] == [{"home", "cart"}, {"home"}]
        assert {s.layer_buckets["home"] for s in stands} == {home}
        assert {s.reason for s in stands} == {given.reason, Reason.OTHER_EXPERIMENT}


def test_an_unknown_placement_is_no_placement() -> None:
    with pytest.raises(KeyError):
        assign_on(plan(), "u1", "nowhere")


def test_an_experiment_of_a_plan_from_before_gates_takes_nobody() -> None:
    assert assign_on(plan(experiment("one")), "u1", "home").reason is Reason.NO_EXPERIMENT
