from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.metrics.periods import MOST_PERIODS, choose_period, grid

START = datetime(2026, 3, 1, 12, 0, 0, 400_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "period"),
    [
        (timedelta(0), timedelta(seconds=10)),
        (timedelta(minutes=2), timedelta(seconds=10)),
        (timedelta(minutes=9, seconds=59), timedelta(seconds=10)),
        (timedelta(minutes=10), timedelta(minutes=1)),
        (timedelta(hours=3), timedelta(minutes=5)),
        (timedelta(days=2), timedelta(hours=1)),
        (timedelta(days=30), timedelta(days=1)),
        (timedelta(days=100), timedelta(days=7)),
        (timedelta(days=900), timedelta(days=21)),
    ],
)
def test_the_period_grows_with_the_age(age: timedelta, period: timedelta) -> None:
    assert choose_period(START, START + age) == period


@given(st.integers(0, 10**9))
def test_there_are_never_more_than_sixty_periods(age: int) -> None:
    assert 1 <= grid(START, START + timedelta(seconds=age)).periods <= MOST_PERIODS


def test_the_grid_begins_on_a_whole_second_and_ends_at_as_of() -> None:
    as_of = START + timedelta(seconds=25)

    made = grid(START, as_of.astimezone(timezone(timedelta(hours=2))))

    assert made.ends == (
        datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 20, tzinfo=UTC),
        as_of,
    )
    assert made.ends[-1].tzinfo is UTC


def test_an_as_of_before_the_start_still_has_one_period() -> None:
    assert grid(START, START - timedelta(hours=1)).periods == 1
