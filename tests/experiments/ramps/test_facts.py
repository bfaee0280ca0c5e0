"""What a ramp reads from a scorecard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from experiments.metrics.results import Guardrail, MetricResult, OneSided, Scorecard
from experiments.ramps import Facts, facts_of
from tests.dashboard.factories import AS_OF, BELOW_FLOOR, comparison, metric, ratio_check, scorecard

SIDE = OneSided(p_value=0.01, judged=0.01, bound=0.1, reason=None)


def guarding(state: Any, *, required: bool = True, variant: str = "item-knn") -> MetricResult:
    """A guardrail in a state."""
    guard = Guardrail(margin=0.1, harm=SIDE, safety=SIDE, state=state)
    found = replace(comparison(variant), guardrail=guard)
    return replace(
        metric("errors", found, name="Errors", primary=False), role="guardrail", required=required
    )


def read(card: Scorecard, **given: Any) -> Facts:
    return facts_of(card, **{"log_until": None, "users_before": 0, **given})


def test_a_card_on_which_all_is_well() -> None:
    assert read(scorecard(extra=(guarding("safe"),))) == Facts(
        as_of=AS_OF, until=AS_OF, users=10_000
    )


def test_what_came_before_the_step_does_not_count() -> None:
    assert read(scorecard(), users_before=9_400).users == 600
    assert read(scorecard(), users_before=11_000).users == 0


@pytest.mark.parametrize(("ahead", "seen"), [(-60, -60), (60, 0)])
def test_data_is_as_new_as_the_log_was(ahead: int, seen: int) -> None:
    facts = read(scorecard(), log_until=AS_OF + timedelta(seconds=ahead))

    assert facts.until == AS_OF + timedelta(seconds=seen)


def test_checks_of_the_split_are_told_from_others() -> None:
    two = replace(ratio_check(healthy=None), name="users_in_two_variants")
    other = replace(ratio_check(healthy=False), name="pre_period_balance")
    unasked = replace(ratio_check(healthy=None), name="other_experiments")
    ratio = ratio_check(healthy=False)

    facts = read(scorecard(health=(ratio, two, other, unasked)))

    assert facts.broken == (ratio.detail,)
    assert facts.unknown == ("users in two variants",)
    assert facts.failing == ("pre period balance",)


@pytest.mark.parametrize(
    "state", ["safe", "safety_not_yet_shown", "unchanged", "collecting", "no_answer"]
)
def test_only_harm_that_is_shown_is_harm(state: str) -> None:
    assert read(scorecard(extra=(guarding(state),))).harmed == ()


def test_harm_is_named_with_its_arm_and_whether_anybody_chose_the_guardrail() -> None:
    assert read(scorecard(extra=(guarding("harm_shown"),))).harmed == ("Errors of item-knn",)
    only_watched = read(scorecard(extra=(guarding("harm_shown", required=False),)))
    assert (only_watched.harmed, only_watched.watched) == ((), ("Errors of item-knn",))


def test_an_arm_that_takes_no_users_any_more_harms_nobody() -> None:
    facts = read(scorecard(extra=(guarding("harm_shown"),)), gone=["item-knn"])

    assert facts.harmed == ()


def few(card: Scorecard, variant: str, users: int) -> Scorecard:
    """The card with so few users in one arm."""
    arms = [replace(a, users=users) if a.variant == variant else a for a in card.arms]
    return replace(card, arms=tuple(arms))


@pytest.mark.parametrize(("users", "enough"), [(99, False), (100, True)])
def test_100_users_in_every_arm_are_counted(users: int, enough: bool) -> None:
    assert read(few(scorecard(), "item-knn", users)).counted is enough


def test_the_floor_is_that_of_the_first_goal_for_every_treatment() -> None:
    below = comparison("ease", floor=BELOW_FLOOR)

    assert read(scorecard(comparison(), comparison("ease"))).floor_reached
    assert not read(scorecard(comparison(), below)).floor_reached


def test_an_arm_that_was_killed_young_holds_no_floor_back() -> None:
    young = scorecard(comparison(), comparison("ease", floor=BELOW_FLOOR))
    three = few(young, "ease", 12)

    assert (read(three).counted, read(three).floor_reached) == (False, False)
    gone = read(three, gone=["ease"])
    assert (gone.counted, gone.floor_reached) == (True, True)


def test_arms_that_learn_from_each_other_are_said() -> None:
    assert read(replace(scorecard(), training_data="shared")).shared
