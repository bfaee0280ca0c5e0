"""Rows against columns: exact values, and how often it alarms."""

from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from experiments.stats import Reason, SampleError, independence
from tests.experiments.stats.binomial import at_least, at_most

WORLDS = 2_000


def test_of_one_table_it_is_pearsons() -> None:
    table = [[120, 80, 50], [90, 110, 60]]

    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert independence([table]).p_value == pytest.approx(expected, rel=1e-12)


def test_tables_add_and_a_ratio_that_changes_between_them_is_no_dependence() -> None:
    before, after = [[810, 90], [90, 10]], [[25, 25], [25, 25]]

    assert independence([before, after]).p_value == 1.0
    assert independence([np.add(before, after)]).p_value == pytest.approx(
        stats.chi2_contingency(np.add(before, after), correction=False).pvalue
    )
    two = [[60, 40], [45, 55]], [[30, 70], [20, 80]]
    distance = sum(stats.chi2_contingency(t, correction=False).statistic for t in two)
    assert independence(two).p_value == pytest.approx(special.chdtrc(2, distance), rel=1e-12)


def test_a_column_of_few_users_is_left_out() -> None:
    stray: Any = [[60, 1, 40], [45, 0, 55]]

    assert independence([stray]) == independence([[[60, 40], [45, 55]]])


@pytest.mark.parametrize("table", [[[9, 9]], [[9], [9]], [[50, 0], [50, 0]], [[4, 4], [4, 4]]])
def test_a_table_in_which_nothing_can_differ_has_no_p(table: Any) -> None:
    found = independence([table])

    assert (found.p_value, found.reason) == (None, Reason.TOO_FEW_USERS)


def alarms(rng: np.random.Generator, odds: float) -> int:
    """Worlds of 4,000 shared users with p below .05; 90/10 here, three variants there."""
    chance = np.outer([0.9, 0.1], [0.5, 0.3, 0.2])
    chance[1, 2] *= odds
    tables = rng.multinomial(4_000, (chance / chance.sum()).ravel(), WORLDS).reshape(-1, 2, 3)
    found = [independence([table]).p_value for table in tables]
    return sum(p is not None and p < 0.05 for p in found)


def test_independent_splits_alarm_at_their_rate_and_others_are_found() -> None:
    rng = np.random.default_rng(41)

    assert at_least(0.05, WORLDS) <= alarms(rng, odds=1.0) <= at_most(0.05, WORLDS)
    assert alarms(rng, odds=2.0) > 0.99 * WORLDS


@pytest.mark.parametrize("table", [[1, 2], [[1, 2], [3]], [[1, -2], [3, 4]], [["a"]]])
def test_what_is_no_table_is_refused(table: Any) -> None:
    with pytest.raises(SampleError) as refused:
        independence([table])
    assert refused.value.field == "tables"
