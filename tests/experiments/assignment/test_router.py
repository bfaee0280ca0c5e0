"""What is made of a plan once, and that the quick ways say what the plain ones say."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measures.many_experiments import ATTRIBUTES, plan
from experiments.assignment import assign, assign_on
from experiments.assignment.hashing import code_units, fnv1a32
from experiments.assignment.lanes import Lanes
from experiments.assignment.owners import Owners
from experiments.assignment.router import router_of


@given(st.lists(st.text(max_size=20), max_size=20), st.text(max_size=40))
def test_lanes_hash_a_unit_under_every_seed(seeds: list[str], unit: str) -> None:
    lanes = Lanes([fnv1a32(seed) for seed in seeds])

    assert lanes.after(code_units(unit)) == tuple(fnv1a32(seed + unit) for seed in seeds)


def test_a_bucket_is_owned_from_the_low_end_of_a_range_up_to_the_high_one() -> None:
    owners = Owners([(((0, 1), (9_000, 10_000)), "a"), (((1, 5_000),), "b"), ((), "c")])

    assert [owners.of(bucket) for bucket in (0, 1, 4_999, 5_000, 8_999, 9_000, 9_999)] == [
        "a",
        "b",
        "b",
        None,
        None,
        "a",
        "a",
    ]


def test_all_assignments_are_those_of_each_placement() -> None:
    under = plan()

    for n in range(2_000):
        user, device = f"user {n}", f"device {n}"
        assert assign(under, user, ATTRIBUTES, device=device) == tuple(
            assign_on(under, user, place, ATTRIBUTES, device=device) for place in under.placements
        )


def test_a_plan_is_compiled_once_and_a_changed_one_anew() -> None:
    under = plan()
    changed = msgspec.structs.replace(under, version=2)

    assert router_of(under) is router_of(under)
    assert router_of(changed) is not router_of(under)
    assert msgspec.json.decode(msgspec.json.encode(under), type=type(under)) == under
