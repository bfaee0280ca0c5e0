"""The truth of an experiment, where it is known by construction."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest

from simulator.arms import Measured, table
from simulator.session import start
from simulator.shoppers import Shopper, shoppers
from simulator.truth import Rank, TrueArm, true_arms
from simulator.world import World


def crowd(world: World, count: int) -> list[Shopper]:
    return list(islice(shoppers(world, run="r", seed=5), count))


def best(world: World, people: Sequence[Shopper], places: slice) -> Rank:
    """What each shopper truly likes most among the items outside the history."""
    taste = {shopper.id: shopper.taste for shopper in people}
    items = np.arange(len(world.catalogue.items))
    keys = [item.key for item in world.catalogue.items]

    def rank(user: str, history: Sequence[str]) -> list[str]:
        order = np.argsort(-world.preference(taste[user], items))
        return [keys[item] for item in order if keys[item] not in history][places]

    return rank


def test_the_same_arm_twice_has_no_lift_and_no_error(world: World) -> None:
    people = crowd(world, 30)
    rank = best(world, people, slice(10))
    control, treatment = true_arms(world, people, {"a": rank, "b": rank}, seed=1, remembered=50)
    assert (treatment.ctr, treatment.ctr_error) == (control.ctr, control.ctr_error)
    assert (control.lift, control.lift_error) == (None, None)
    assert treatment.lift == 0.0
    assert treatment.lift_error == pytest.approx(0.0, abs=1e-12)


def test_a_better_arm_is_found_better(world: World) -> None:
    people = crowd(world, 60)
    arms = {"later": best(world, people, slice(100, 110)), "best": best(world, people, slice(10))}
    later, first = true_arms(world, people, arms, seed=1, remembered=50)
    assert first.lift is not None
    assert first.lift_error is not None
    assert first.lift == pytest.approx(first.ctr / later.ctr - 1)
    assert first.lift > 10 * first.lift_error


def test_expected_clicks_count_and_not_drawn_ones(world: World) -> None:
    """Where nobody ever clicks, each page of a visit is worth the same tiny sum of chances."""
    world = replace(world, intercept=-25.0)
    people = crowd(world, 2)
    slate = [item.key for item in world.catalogue.items[:10]]
    arms: dict[str, Rank] = {"fixed": lambda user, history: slate}
    (arm,) = true_arms(world, people, arms, seed=1, remembered=50)
    visits = [start(world, person, 1) for person in people]
    clicks = sum(visit.pages * visit.chances(slate).sum() for visit in visits)
    assert clicks > 0
    assert arm.ctr == pytest.approx(clicks / sum(10 * visit.pages for visit in visits))


def test_what_is_clicked_moves_to_the_end_of_a_bounded_history(world: World) -> None:
    people = crowd(world, 40)
    slate = [item.key for item in world.catalogue.items[:10]]
    seen: dict[str, list[list[str]]] = {}

    def rank(user: str, history: Sequence[str]) -> list[str]:
        seen.setdefault(user, []).append(list(history))
        return slate

    true_arms(world, people, {"fixed": rank}, seed=1, remembered=12)
    moved = 0
    for person in people:
        visit = start(world, person, 1)
        for old, new in pairwise(seen[person.id]):
            clicked = [slate[place] for place in visit.read(slate)]
            moved += len(clicked)
            assert new == ([item for item in old if item not in clicked] + clicked)[-12:]
    assert moved > 10


def test_two_shoppers_are_the_least(world: World) -> None:
    with pytest.raises(ValueError, match="at least two"):
        true_arms(world, crowd(world, 1), {"a": lambda u, h: []}, seed=1, remembered=50)


def test_the_table_says_whether_the_interval_holds_the_truth() -> None:
    arms = [
        TrueArm(variant="popular", ctr=0.05, ctr_error=0.001, lift=None, lift_error=None),
        TrueArm(variant="item-knn", ctr=0.06, ctr_error=0.001, lift=0.2, lift_error=0.01),
        TrueArm(variant="conv-ctr", ctr=0.07, ctr_error=0.001, lift=0.4, lift_error=0.01),
        TrueArm(variant="ease", ctr=0.07, ctr_error=0.001, lift=0.4, lift_error=0.01),
    ]
    measured = {
        "item-knn": Measured(lift=0.22, low=0.1, high=0.35),
        "conv-ctr": Measured(lift=0.2, low=0.1, high=0.3),
    }
    lines = table(arms, measured)
    assert lines[1].split() == ["popular", "5.000%", "±", "0.100%", "control"]
    assert lines[2].endswith("+20.0% ± 1.0%          +22.0%  +10.0% to +35.0%, holds the truth")
    assert lines[3].endswith("+10.0% to +30.0%, MISSES the truth")
    assert lines[4].endswith("none yet")


@pytest.mark.parametrize(
    ("low", "high", "value", "held"),
    [
        (0.1, 0.3, 0.1, True),
        (0.1, 0.3, 0.31, False),
        (0.1, None, 9.0, True),
        (0.1, None, 0.0, False),
        (None, 0.3, -0.9, True),
    ],
)
def test_an_open_end_holds_all_beyond(
    low: float | None, high: float | None, value: float, held: bool
) -> None:
    assert Measured(lift=0.2, low=low, high=high).holds(value) is held
