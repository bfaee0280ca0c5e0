"""From users to days: read off what was observed, carried on as a power of time."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import Reason, SampleError
from experiments.stats.planning import days_until, users_by

SLOWING = [100, 90, 80, 70, 65, 60, 55, 50]  # 340 in the first half, 570 in all


def test_within_the_days_observed_the_running_total_is_read() -> None:
    found: Any = days_until(np.array([1, 100, 101, 570]), SLOWING)
    assert found.days.tolist() == [1, 1, 2, 8]
    assert found.extrapolated.tolist() == [False] * 4


def test_beyond_them_the_total_levels_off_or_grows_on() -> None:
    found = days_until(700, SLOWING)
    left = 230 / 340  # each further half of four days brings 230/340 of the one before
    levelling = 4 * np.log(1 - 130 * (1 - left) / (left * 230)) / np.log(left)
    assert found.days == np.ceil(8 + levelling) == 12
    assert found.soonest == np.ceil(8 * (700 / 570) ** (1 / np.log2(570 / 340))) == 11
    assert found.extrapolated is True
    assert found.reason is None


def test_steady_arrivals_go_on_steadily_and_quickening_ones_no_faster() -> None:
    steady, quickening = days_until(100, [10] * 7), days_until(100, [5, 5, 20, 20])
    assert (steady.days, steady.soonest) == (10, 10)
    assert (quickening.days, quickening.soonest) == (7, 8)


def test_a_curve_that_has_flattened_never_gets_there() -> None:
    for arrivals, users in (([50, 50, 0, 0], 101), (SLOWING, 1e6), ([10] * 14, 3_651)):
        found = days_until(users, arrivals)
        assert found.reason is Reason.UNREACHABLE_USERS
        assert np.isnan(found.days)
    assert days_until(3_650, [10] * 14).days == 365


@pytest.mark.parametrize("arrivals", [[50], [], [0, 0], [0, 30], [0, 0, 30, 30]])
def test_without_two_days_of_arrivals_there_is_nothing_to_go_by(arrivals: Any) -> None:
    found: Any = days_until(1_000, arrivals)
    assert found.reason is Reason.TOO_FEW_DAYS
    assert np.isnan([found.days, found.soonest]).all()


def test_within_the_days_observed_users_by_a_day_are_the_running_total() -> None:
    found: Any = users_by(np.array([0, 1, 2.9, 8]), SLOWING)
    assert found.users.tolist() == [0, 100, 190, 570]
    assert found.extrapolated.tolist() == [False] * 4


@pytest.mark.parametrize("arrivals", [SLOWING, [10] * 7, [5, 5, 20, 20], [50, 50, 0, 0], [7, 5, 3]])
def test_users_by_a_day_are_there_on_that_day_and_not_the_day_before(arrivals: Any) -> None:
    ahead = np.arange(len(arrivals), 40.0)
    found: Any = users_by(ahead, arrivals)
    grown = np.diff(found.users, prepend=found.users[0]) > 1e-6  # of a curve not yet flat
    told: Any = days_until(found.users[grown], arrivals)
    assert told.days.tolist() == ahead[grown].tolist()
    assert found.extrapolated.tolist() == [False] + [True] * (len(ahead) - 1)
    assert users_by(44, [50, 50, 0, 0]).users == 100


def test_users_by_a_day_beyond_too_few_days_are_unknown() -> None:
    found: Any = users_by(np.array([1, 2]), [50])
    assert found.users[0] == 50
    assert found.reason.tolist() == [None, Reason.TOO_FEW_DAYS]
    assert np.isnan(found.users[1])
    with pytest.raises(SampleError, match="days must not be negative"):
        users_by(-1, [5, 1])


def test_negative_people_are_refused() -> None:
    with pytest.raises(SampleError, match="new_per_day must not be negative"):
        days_until(10, [5, -1])
    with pytest.raises(SampleError, match="users must not be negative"):
        days_until(-10, [5, 1])


@pytest.mark.parametrize("sameness", [0.3, 1.0, 3.0, 1e6])
def test_the_truth_lies_between_soonest_and_days(sameness: float) -> None:
    """Visits a day are Poisson with gamma-distributed means: the total is known in closed form."""
    pool = 1e6

    def seen(day: Any) -> Any:
        return pool * (1 - (1 + 0.1 * day / sameness) ** -sameness)

    observed = np.diff(seen(np.arange(15)))
    ahead = np.array([17.0, 21.0, 28.0])
    told: Any = days_until(seen(ahead) - 1, observed)
    assert (told.soonest <= ahead).all()
    assert (told.soonest >= [16, 19, 21]).all()
    assert (np.nan_to_num(told.days, nan=np.inf) >= ahead).all()
    if sameness == 1e6:  # all alike: the curve that levels off is the truth
        assert told.days.tolist() == [17, 21, 28]
