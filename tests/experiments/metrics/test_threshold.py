"""Every check of health turns at one in a thousand: not at ten times, nor at a tenth of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments.metrics import ScorecardSpec
from experiments.metrics.health import pre_period_balance, users_in_two_variants, users_left_out
from experiments.metrics.overlapping import Cell
from experiments.metrics.overlaps import overlap_check, overlaps
from experiments.metrics.ratio_check import sample_ratio
from experiments.metrics.results import Check
from experiments.metrics.samples import Samples
from experiments.stats import CupedSample, MeanSample, check_srm

Checked = Callable[[ScorecardSpec, int], Check]


def arriving(spec: ScorecardSpec, more: int) -> Check:
    return sample_ratio(spec, np.array([[[1_000.0 + more], [1_000.0 - more]]]))


def arrived_before(spec: ScorecardSpec, more: int) -> Check:
    """Out of ratio at the first look, and made up for by the last."""
    return sample_ratio(spec, np.array([[[5_000.0 + more, 9_000.0], [5_000.0 - more, 9_000.0]]]))


def crossing(spec: ScorecardSpec, crossed: int) -> Check:
    return users_in_two_variants(spec, [[1_000, 1_000]], [[crossed, 0]])


def leaving_out(spec: ScorecardSpec, left_out: int) -> Check:
    return users_left_out(spec, [[1_000, 1_000]], [[left_out, 0]])


def differing(spec: ScorecardSpec, more: int) -> Check:
    """Means of 10 and 10 + more / 1,000 before the start, each of variance 1 over 1,000 users."""
    total = np.array([[10_000.0], [10_000.0 + more]])
    pre = MeanSample(np.full((2, 1), 1_000.0), total, 999 + total**2 / 1_000)
    given = Samples(plain=(pre,), cuped=(CupedSample(pre, pre, pre.total_squares),))
    found = pre_period_balance(spec, "clicks", given)
    assert found is not None
    return found


def overlapping(spec: ScorecardSpec, more: int) -> Check:
    table = ((500 + more, 500 - more), (500 - more, 500 + more))
    cells = [
        Cell(experiment="cart", stratum=(0, 1, False), arm=arm, variant=name, users=users)
        for arm, row in enumerate(table)
        for name, users in zip("XY", row, strict=True)
    ]
    return overlap_check(overlaps(spec, cells, [[1_000, 1_000]]), 2_000)


@pytest.mark.parametrize(
    ("check", "healthy", "sick"),
    [
        (arriving, 65, 75),
        (crossing, 9, 11),
        (leaving_out, 9, 11),
        (differing, 140, 152),
        (overlapping, 33, 38),
    ],
)
def test_rule_7_a_check_turns_at_one_in_a_thousand(
    make_spec: Callable[..., ScorecardSpec], check: Checked, healthy: int, sick: int
) -> None:
    below, above = check(make_spec(), sick), check(make_spec(), healthy)
    assert below.p_value is not None
    assert above.p_value is not None
    assert 0.0001 < below.p_value < 0.001 < above.p_value < 0.01
    assert (below.healthy, above.healthy) == (False, True)


def test_rule_7_the_sequential_test_of_the_ratio_turns_there_too(
    make_spec: Callable[..., ScorecardSpec],
) -> None:
    below, above = arrived_before(make_spec(), 275), arrived_before(make_spec(), 240)
    assert below.p_value == above.p_value == 1.0
    assert below.sequential_p_value is not None
    assert above.sequential_p_value is not None
    assert 0.0001 < below.sequential_p_value < 0.001 < above.sequential_p_value < 0.01
    assert (below.healthy, above.healthy) == (False, True)


@pytest.mark.parametrize(
    ("method", "healthy", "sick"), [("chi2", 150, 175), ("sequential", 240, 275)]
)
def test_rule_7_and_so_does_the_check_by_itself(method: Any, healthy: int, sick: int) -> None:
    below, above = (
        check_srm([5_000 + more, 5_000 - more], [0.5, 0.5], method) for more in (sick, healthy)
    )
    assert 0.0001 < below.p_value < 0.001 < above.p_value < 0.01
    assert (below.healthy, above.healthy) == (False, True)
