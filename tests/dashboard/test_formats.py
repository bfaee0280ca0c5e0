"""How figures are written."""

import pytest

from dashboard import formats


def typed(text: str) -> str:
    """The text with the minus that the pages use."""
    return text.replace("-", formats.MINUS)


@pytest.mark.parametrize(
    ("p", "written"),
    [
        (0.374, ".374"),
        (0.0325, ".033"),
        (0.0008, ".0008"),
        (0.0001, ".0001"),
        (0.00009, "< .0001"),
        (0.99, ".990"),
        (0.991, "> .99"),
        (1.0, "> .99"),
        (None, formats.DASH),
    ],
)
def test_p_has_no_leading_zero(p: float | None, written: str) -> None:
    assert formats.p_value(p) == written


def test_p_within_a_sentence() -> None:
    assert formats.equals_p(0.374) == "p = .374"
    assert formats.equals_p(0.0) == "p < .0001"


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (-0.023, 0.065, typed("-2.3 to +6.5%")),
        (0.044, 0.137, "+4.4 to +13.7%"),
        (-0.031, -0.002, typed("-3.1 to -0.2%")),
        (0.0, 0.1, "0.0 to +10.0%"),
        (0.044, None, "+4.4 to ∞%"),
        (None, 0.044, typed("-∞ to +4.4%")),
        (None, None, formats.DASH),
    ],
)
def test_a_relative_interval(low: float | None, high: float | None, written: str) -> None:
    assert formats.interval(low, high, "percent") == written


def test_absolute_intervals_name_their_unit() -> None:
    assert formats.interval(-0.0002, 0.0071, "points") == typed("-0.02 to +0.71 pp")
    assert formats.interval(-0.014, 0.31, "number") == typed("-0.014 to +0.31")


@pytest.mark.parametrize(
    ("effect", "unit", "written"),
    [
        (0.0894, "percent", "+8.9%"),
        (-0.05, "percent", typed("-5.0%")),
        (-0.0004, "percent", typed("-0.04%")),
        (0.0, "percent", "0.0%"),
        (0.0021, "points", "+0.21 pp"),
        (0.23, "number", "+0.23"),
        (None, "percent", formats.DASH),
    ],
)
def test_an_effect_has_its_sign(effect: float | None, unit: formats.Unit, written: str) -> None:
    assert formats.signed(effect, unit) == written


def test_nothing_that_rounds_to_zero_has_a_sign() -> None:
    assert formats.signed(-0.00001, "percent") == "0.00%"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2.5, "2.50"),
        (45.31, "45.3"),
        (1240.4, "1,240"),
        (0.1234, "0.12"),
        (-3.14159, typed("-3.14")),
    ],
)
def test_three_significant_figures(value: float, written: str) -> None:
    assert formats.significant(value) == written


def test_values_in_their_unit() -> None:
    assert formats.value(0.0551, "percent") == "5.51%"
    assert formats.value(2.5, "number") == "2.50"
    assert formats.value(None, "percent") == formats.DASH
    assert formats.value_interval(0.0531, 0.0571, "percent") == "5.31 to 5.71%"
    assert formats.value_interval(2.4, 2.6, "number") == "2.40 to 2.60"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (6, "6 s"),
        (60, "1 min"),
        (300, "5 min"),
        (3600, "1 hour"),
        (7200, "2 hours"),
        (86400, "1 day"),
        (3 * 86400, "3 days"),
    ],
)
def test_spans_are_in_their_largest_unit(seconds: float, written: str) -> None:
    assert formats.span(seconds) == written


def test_periods() -> None:
    assert formats.every(86400) == "a day"
    assert formats.every(300) == "every 5 min"


def test_shares_and_sizes() -> None:
    assert formats.share(0.4) == "40%"
    assert formats.share(0.3333) == "33.33%"
    assert formats.share(1) == "100%"
    assert formats.size(812) == "812 B"
    assert formats.size(4_200_000) == "4.2 MB"
    assert formats.offline(0.118) == ".118"
    assert formats.plural(1, "user") == "1 user"
    assert formats.plural(17025, "user") == "17,025 users"


@pytest.mark.parametrize(
    ("lost", "unit", "written"),
    [
        (0.021, "percent", "2.1%"),
        (-0.021, "percent", "2.1%"),
        (0.0003, "percent", "0.03%"),
        (0.00003, "percent", "< 0.01%"),
        (0.00001, "points", "< 0.01 pp"),
        (0.0002, "number", "< 0.001"),
        (0.0, "percent", "0.0%"),
    ],
)
def test_a_loss_is_never_nothing_where_something_is_lost(
    lost: float, unit: formats.Unit, written: str
) -> None:
    assert formats.loss(lost, unit) == written
