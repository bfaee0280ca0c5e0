"""Users per arm against the weights: at this look, and over all looks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.metrics import PhaseSpec, ScorecardSpec, scorecard
from experiments.metrics.ratio_check import sample_ratio
from experiments.metrics.results import Check, CheckFigure
from experiments.stats import check_srm

MakeSpec = Callable[..., ScorecardSpec]


def checked(spec: ScorecardSpec, *looks: list[int]) -> Check:
    """The check of a single phase, from users per arm at each look."""
    return sample_ratio(spec, np.array([looks], dtype=float).transpose(0, 2, 1))


def sequential(users: list[int], weights: tuple[float, ...] = (0.5, 0.5)) -> Any:
    return check_srm(users, weights, "sequential").p_value


def test_arms_in_the_ratio_of_uneven_weights_are_healthy(make_spec: MakeSpec) -> None:
    found = checked(make_spec(weights=(0.9, 0.1)), [900, 100])

    assert (found.healthy, found.p_value, found.reason) == (True, 1.0, None)
    assert found.sequential_p_value == 1.0
    assert found.detail == "Users arrived in the arms in the ratio of the weights."


def test_arms_out_of_ratio_are_unhealthy_and_the_worst_is_named(make_spec: MakeSpec) -> None:
    found = checked(make_spec(), [10_000, 9_400])

    assert found.healthy is False
    assert found.p_value == pytest.approx(stats.chisquare([10_000, 9_400]).pvalue)
    assert found.sequential_p_value == pytest.approx(sequential([10_000, 9_400]))
    assert found.figures == (
        CheckFigure(variant="A", observed=10_000, expected=9_700),
        CheckFigure(variant="B", observed=9_400, expected=9_700),
    )
    assert found.detail.startswith(
        "Arms are out of ratio, so nothing is judged: A has 10,000 users where 9,700 were expected."
    )


@pytest.mark.parametrize("users", [[0, 0], [3, 3]])
def test_too_few_users_are_neither_healthy_nor_unhealthy(
    make_spec: MakeSpec, users: list[int]
) -> None:
    found = checked(make_spec(), users)

    assert (found.healthy, found.p_value, found.reason) == (None, None, "too_few_users")
    assert found.sequential_p_value == (1.0 if any(users) else None)


def test_an_alarm_of_this_look_alone_says_how_often_chance_raises_one(make_spec: MakeSpec) -> None:
    alone = checked(make_spec(), [570, 430])
    lasting = checked(make_spec(), [5_000, 4_400])

    assert sequential([570, 430]) > 0.001 > stats.chisquare([570, 430]).pvalue
    assert (alone.healthy, lasting.healthy) == (False, False)
    assert "Only the chi-square of this look says so" in alone.detail
    assert "one in thirty" in alone.detail
    assert lasting.detail.endswith("users where 4,700 were expected.")


def test_users_lost_at_an_earlier_look_stay_an_alarm(make_spec: MakeSpec) -> None:
    found = checked(make_spec(), [5_000, 4_400], [50_000, 49_400])

    assert found.p_value == pytest.approx(stats.chisquare([50_000, 49_400]).pvalue)
    assert found.p_value is not None
    assert found.p_value > 0.05
    assert found.sequential_p_value == pytest.approx(sequential([5_000, 4_400]))
    assert found.healthy is False


def test_the_sequential_test_needs_no_five_users_in_an_arm(make_spec: MakeSpec) -> None:
    found = checked(make_spec(weights=(0.01, 0.99)), [60, 0])

    assert (found.healthy, found.p_value, found.reason) == (False, None, "too_few_users")
    assert found.sequential_p_value == pytest.approx(sequential([60, 0], (0.01, 0.99)))


def test_each_phase_is_held_against_its_own_weights(make_spec: MakeSpec) -> None:
    start = make_spec().started_at
    weights = ((0.9, 0.1), (0.5, 0.5))
    spec = make_spec(
        phases=tuple(
            PhaseSpec(number=n + 1, started_at=start, weights=w) for n, w in enumerate(weights)
        )
    )

    found = sample_ratio(spec, np.array([[[900, 900], [130, 130]], [[0, 520], [0, 610]]]))

    ps = (sequential([900, 130], weights[0]), sequential([520, 610], weights[1]))
    assert found.sequential_p_value == pytest.approx(min(ps[0], ps[0] * ps[1]))
    assert [figure.expected for figure in found.figures] == [1_492.0, 668.0]


def test_a_scorecard_looks_at_every_time_of_its_chart(log: Any, make_spec: MakeSpec) -> None:
    # The first 400 users all land in A, and the next 1,200 make up for most of it.
    for i in range(400):
        log.serve(f"early{i}", "A", "a", at=5)
    for i in range(1_200):
        log.serve(f"late{i}", "A" if i % 3 == 0 else "B", "a", at=500)

    charted = scorecard(log.exposures, log.events, make_spec(series=True)).health[0]
    alone = scorecard(log.exposures, log.events, make_spec()).health[0]

    assert charted.p_value == alone.p_value == 1.0
    assert alone.sequential_p_value == 1.0
    assert charted.sequential_p_value == pytest.approx(sequential([400, 0]))
    assert (charted.healthy, alone.healthy) == (False, True)
