"""The common scale and the bars on it."""

import msgspec
import pytest

from dashboard.reading.bars import bar
from dashboard.reading.scale import Scale, scale_of
from tests.dashboard.factories import comparison


def test_zero_is_on_every_scale() -> None:
    scale = scale_of([(0.1, 0.2)])

    assert scale.low < 0 < scale.high
    assert scale.at(scale.low) == 0
    assert scale.at(scale.high) == 100


def test_a_scale_holds_its_intervals_with_room() -> None:
    scale = scale_of([(-0.1, 0.3), (-0.05, 0.2)])

    assert scale.low == pytest.approx(-0.124)
    assert scale.high == pytest.approx(0.324)


def test_one_long_interval_does_not_flatten_the_rest() -> None:
    scale = scale_of([(-0.01, 0.02), (-0.02, 0.01), (-5.0, 9.0)])

    assert scale.high < 0.1


def test_what_must_stay_within_does() -> None:
    assert scale_of([(-0.01, 0.02), (-0.01, 0.02)], within=[0.5]).high > 0.5


def test_an_even_scale_has_zero_in_the_middle() -> None:
    assert scale_of([(-0.1, 0.7)], even=True).zero == 50


def test_without_any_interval_there_is_still_a_scale() -> None:
    assert scale_of([]) == Scale(low=-1.0, high=1.0)
    assert scale_of([(None, None)]) == Scale(low=-1.0, high=1.0)


def test_ticks_are_round_and_hold_zero() -> None:
    assert Scale(low=-0.07, high=0.23).ticks() == (0.0, 0.1, 0.2)
    assert Scale(low=-0.05, high=0.05).ticks() == (-0.04, -0.02, 0.0, 0.02, 0.04)


def test_a_bar_has_a_thin_line_and_a_core_within_it() -> None:
    found = comparison(effect=0.1, low=0.0, high=0.2)
    drawn = bar(
        found.result("sequential", "relative"),
        found.result("fixed", "relative"),
        scale=Scale(low=-0.1, high=0.3),
        tone="better",
    )

    assert drawn is not None
    assert (drawn.low, drawn.core_low, drawn.dot, drawn.core_high, drawn.high) == pytest.approx(
        (25, 37.5, 50, 62.5, 75)
    )
    assert drawn.low_capped
    assert drawn.high_capped


def test_an_end_beyond_the_scale_is_not_capped() -> None:
    found = comparison(effect=0.1, low=-0.5, high=0.2)
    drawn = bar(
        found.result("sequential", "relative"),
        found.result("fixed", "relative"),
        scale=Scale(low=-0.1, high=0.3),
        tone="flat",
    )

    assert drawn is not None
    assert not drawn.low_capped
    assert drawn.low == 0


def test_an_open_end_goes_on() -> None:
    found = comparison(effect=0.1, low=0.05, high=None)
    drawn = bar(
        found.result("sequential", "relative"),
        found.result("fixed", "relative"),
        scale=Scale(low=-0.1, high=0.3),
        tone="better",
    )

    assert drawn is not None
    assert drawn.high == 100
    assert not drawn.high_capped


def test_without_an_interval_there_is_no_bar() -> None:
    found = comparison(low=None, high=None).result("sequential", "relative")
    nothing = msgspec.structs.replace(found, effect=None)

    assert bar(found, found, scale=Scale(low=-1, high=1), tone="flat") is None
    assert bar(nothing, nothing, scale=Scale(low=-1, high=1), tone="flat") is None
