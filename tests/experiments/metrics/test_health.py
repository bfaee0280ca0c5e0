from collections.abc import Callable
from typing import Any

import pytest
from scipy import stats

from experiments.metrics import ScorecardSpec
from experiments.metrics.health import users_in_two_variants

MakeSpec = Callable[..., ScorecardSpec]


def crossing(
    make_spec: MakeSpec, users: list[list[int]], crossed: list[list[int]], **changes: Any
) -> Any:
    return users_in_two_variants(make_spec(**changes), users, crossed)


def test_users_in_two_variants_alike_in_all_arms_are_only_left_out(make_spec: MakeSpec) -> None:
    found = crossing(make_spec, [[9_000, 1_000]], [[45, 5]], weights=(0.9, 0.1))

    assert (found.healthy, found.p_value) == (True, 1.0)
    assert [figure.expected for figure in found.figures] == [45.0, 5.0]
    assert found.detail == (
        "50 of 10,000 users were seen in two variants, alike in all arms; they are left out."
    )


def test_users_in_two_variants_of_one_arm_are_unhealthy(make_spec: MakeSpec) -> None:
    found = crossing(make_spec, [[1_000, 1_000]], [[30, 0]])

    assert found.healthy is False
    assert found.p_value == pytest.approx(2 * stats.hypergeom(2_000, 1_000, 30).pmf(30))
    assert "would bias the arms" in found.detail


def test_one_stray_user_of_a_tiny_arm_is_no_alarm(make_spec: MakeSpec) -> None:
    found = crossing(
        make_spec,
        [[99_000, 500, 500]],
        [[0, 1, 0]],
        variants=("A", "B", "C"),
        weights=(0.99, 0.005, 0.005),
    )

    assert (found.healthy, found.p_value) == (True, pytest.approx(2 * 3 * 500 / 100_000))


def test_nobody_in_two_variants_gives_no_p(make_spec: MakeSpec) -> None:
    found = crossing(make_spec, [[100, 100]], [[0, 0]])

    assert (found.healthy, found.p_value, found.reason) == (True, None, "no_such_users")


def test_without_users_there_is_nothing_to_say(make_spec: MakeSpec) -> None:
    found = crossing(make_spec, [[0, 0]], [[0, 0]])

    assert (found.healthy, found.p_value, found.reason) == (None, None, "too_few_users")
