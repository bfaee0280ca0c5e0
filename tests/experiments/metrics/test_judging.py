"""From numbers to words, as a table."""

from typing import Any

import numpy as np
import pytest

from experiments.metrics.judging import (
    Judge,
    floor_over_arms,
    look_that_counts,
    reached,
    running_minimum,
)
from experiments.metrics.results import Floor, JudgedLook, Method
from experiments.stats import USERS_NEEDED, MeanSample, ProportionSample

REACHED = Floor(
    reached=True, variant="A", users=200, users_needed=100, precision=50.0, precision_needed=25.0
)
BELOW = Floor(
    reached=False, variant="B", users=71, users_needed=100, precision=10.0, precision_needed=25.0
)


def least(p_value: float, effect: float = 0.1) -> JudgedLook:
    return JudgedLook(p_value=p_value, effect=effect)


@pytest.mark.parametrize(
    ("change", "reading"),
    [
        ({}, "better"),
        ({"direction": "decrease"}, "worse"),
        ({"effect": -0.1, "judged": least(0.01, -0.1)}, "worse"),
        ({"effect": -0.1, "judged": least(0.01, -0.1), "direction": "decrease"}, "better"),
        ({"adjusted_p_value": 0.05}, "no_call"),
        ({"adjusted_p_value": 0.0499}, "better"),
        ({"effect": -0.1}, "no_call"),  # the look that rejected pointed the other way
        ({"effect": 0.0}, "no_call"),
        ({"floor": BELOW}, "collecting"),
        ({"floor": BELOW, "healthy": False}, "collecting"),
        ({"healthy": False}, "no_call"),
        ({"due": False}, "not_due"),
        ({"due": False, "floor": BELOW}, "collecting"),
        ({"due": False, "healthy": False}, "no_call"),
        ({"judged": None}, "no_answer"),
        ({"adjusted_p_value": None}, "no_answer"),
        ({"effect": None}, "no_answer"),
    ],
)
def test_a_reading_is_one_word(change: dict[str, Any], reading: str) -> None:
    given: dict[str, Any] = {
        "direction": "increase",
        "healthy": True,
        "due": True,
        "floor": REACHED,
        "judged": least(0.01),
        "adjusted_p_value": 0.01,
        "effect": 0.1,
    } | change
    judge = Judge(alpha=0.05, **{name: given.pop(name) for name in ("direction", "healthy", "due")})

    assert judge.read(**given) == reading


def test_the_floor_takes_every_arm_and_shows_the_one_that_lacks_most() -> None:
    sample = ProportionSample(
        n=np.array([[50.0, 200.0], [20.0, 90.0], [50.0, 400.0]]),
        successes=np.array([[10.0, 100.0], [10.0, 60.0], [10.0, 4.0]]),
    )

    found = floor_over_arms(sample, ("A", "B", "C"), USERS_NEEDED)

    assert (found.reached, found.variant, found.users) == (False, "C", 400)
    assert found.precision == pytest.approx(4 / 0.99)
    assert found.users_missing == 0
    assert found.precision_missing == pytest.approx(25 - 4 / 0.99)


def test_users_can_be_what_is_missing() -> None:
    sample = ProportionSample(n=np.array([[200.0], [71.0]]), successes=np.array([[90.0], [40.0]]))

    found = floor_over_arms(sample, ("A", "B"), USERS_NEEDED)

    assert (found.reached, found.variant, found.users, found.users_missing) == (False, "B", 71, 29)
    assert found.precision_missing == 0.0


def test_arms_without_any_spread_lack_no_precision() -> None:
    n = np.full((2, 1), 100.0)
    found = floor_over_arms(
        MeanSample(n=n, total=3 * n, total_squares=9 * n), ("A", "B"), USERS_NEEDED
    )

    assert (found.reached, found.precision, found.precision_missing) == (True, None, 0.0)


def test_the_running_minimum_keeps_the_smallest_look_so_far() -> None:
    before = least(0.04)

    assert running_minimum(None, [(0.2, 0.1)]) == least(0.2)
    assert running_minimum(before, [(0.2, 0.1)]) is before
    assert running_minimum(before, [(0.2, 0.1), (0.01, -0.1), (0.03, 0.2)]) == least(0.01, -0.1)
    assert running_minimum(None, []) is None
    assert running_minimum(before, [(None, None), (0.01, None)]) is before


@pytest.mark.parametrize("method", ["fixed", "bayesian"])
def test_of_a_method_of_one_look_the_first_look_counts(method: Method) -> None:
    before = least(0.04)

    assert look_that_counts(method, None, [(None, None), (0.2, 0.1), (0.01, 0.1)]) == least(0.2)
    assert look_that_counts(method, before, [(0.01, 0.1)]) is before
    assert look_that_counts(method, None, []) is None
    assert look_that_counts("sequential", before, [(0.01, 0.1)]) == least(0.01)


def test_a_look_can_be_judged_when_every_arm_is_past_the_floor() -> None:
    n = np.array([[99.0, 100.0, 200.0], [100.0, 100.0, 200.0]])
    sample = ProportionSample(n=n, successes=n / 2)

    assert reached(sample, USERS_NEEDED).tolist() == [False, True, True]
    assert reached(sample, 150).tolist() == [False, False, True]
