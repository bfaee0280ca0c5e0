"""The figures of a scorecard as rows of text. Pure."""

import math
from collections.abc import Iterator, Sequence

from dashboard import formats
from dashboard.reading.sentences import missing
from dashboard.reading.words import GUARDED, reason_words
from experiments.metrics.results import (
    ArmValue,
    ComparisonResult,
    MetricResult,
    Scorecard,
    SegmentResult,
    VariantComparison,
)

Row = tuple[str, ...]

TITLES: Row = ("metric", "variant", "users", "value", "lift", "interval")
RIGHT = (2, 3, 4)
"""Columns of figures, which end alike."""
SMALL = 0.1
FIGURES = 3

READINGS = {
    "better": "better.",
    "worse": "worse.",
    "no_call": "no call.",
    "not_due": "not due before the planned users have come.",
    "no_answer": "no answer.",
}


def scorecard_rows(card: Scorecard) -> Iterator[Row]:
    """A row per metric and variant, and below each metric its segments."""
    yield (*TITLES, "chance to win" if card.method == "bayesian" else "p", "")
    for metric in card.metrics:
        yield from _metric(metric, card)
        for segment in metric.segments:
            yield from _segment(metric, segment, card)


def described_rows(card: Scorecard) -> Iterator[Row]:
    """What each variant served: a row per figure and variant."""
    yield ("figure", "variant", "slates", "value", "", "", "", "")
    for found in card.described:
        shown = (found.variant, formats.number(found.slates), _number(found.value))
        yield (found.name.replace("_", " "), *shown, "", "", "", _why(found.reason))


def redrawn_rows(card: Scorecard) -> Iterator[Row]:
    """The goals by drawing users again: a row per goal, treatment and way of drawing."""
    yield ("by drawing users again", "variant", "draws", "effect", "", "interval", "p", "")
    for metric in card.metrics:
        for comparison in metric.comparisons:
            for found in comparison.redrawn:
                effect = _signed(found.effect)
                ends = "" if found.low is None else f"{_signed(found.low)} to {_signed(found.high)}"
                p, why = formats.p_value(found.p_value), _why(found.reason)
                name = f"{metric.name}, {found.method}"
                draws = formats.number(found.drawn)
                yield (name, comparison.variant, draws, effect, "", ends, p, why)


def _signed(value: float | None) -> str:
    text = _number(value)
    return f"+{text}" if value is not None and value > 0 else text


def aligned(rows: Sequence[Row]) -> Iterator[str]:
    """The rows as lines, columns below each other."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if place in RIGHT else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _metric(metric: MetricResult, card: Scorecard) -> Iterator[Row]:
    control, *treatments = metric.values
    role = "" if metric.role == "secondary" else f" ({metric.role})"
    yield (f"{metric.name}{role}", *_value(metric, control), "", "", "", _why(control.reason))
    for value, comparison in zip(treatments, metric.comparisons, strict=True):
        lift = comparison.decided("relative")
        p = _p(lift, comparison.adjusted_p_value)
        gone = card.is_taken_out(comparison.variant)
        parts = (_reading(comparison, gone=gone), _why(lift.reason), _against(metric, comparison))
        said = " ".join(filter(None, parts))
        yield ("", *_value(metric, value), *_lift(lift), p, said)


def _segment(metric: MetricResult, segment: SegmentResult, card: Scorecard) -> Iterator[Row]:
    """Without a reading: that one of many segments differs is no finding by itself."""
    control, *treatments = segment.values
    value = "all others" if segment.rest else segment.value or "none"
    name = f"  {segment.attribute}: {value}"
    yield (name, *_value(metric, control), "", "", "", _why(control.reason))
    for arm, comparison in zip(treatments, segment.comparisons, strict=True):
        wanted = (card.method, "relative", card.cuped)
        [lift] = [r for r in comparison.results if (r.method, r.scale, r.cuped) == wanted]
        p = _p(lift, lift.p_value)
        yield ("", *_value(metric, arm), *_lift(lift), p, _why(lift.reason))


def _value(metric: MetricResult, arm: ArmValue) -> Row:
    percent = metric.format == "percent"
    shown = formats.percent(arm.value) if percent else _number(arm.value)
    return arm.variant, formats.number(arm.users), shown


def _number(value: float | None) -> str:
    """Three figures, also of a number far below 1."""
    if value is None or value == 0 or abs(value) >= SMALL:
        return formats.significant(value, FIGURES)
    return formats.number(value, FIGURES - 1 - math.floor(math.log10(abs(value))))


def _lift(lift: ComparisonResult) -> Row:
    effect = formats.signed(lift.effect, "percent")
    return effect, formats.interval(lift.low, lift.high, "percent")


def _p(lift: ComparisonResult, p_value: float | None) -> str:
    """A p, or of the bayesian method the chance to win."""
    if lift.method == "bayesian":
        return formats.percent(lift.chance_to_win, 1)
    return formats.p_value(p_value)


def _against(metric: MetricResult, found: VariantComparison) -> str:
    if found.against is None:
        return ""
    *_same, users, value = _value(metric, found.against)
    return f"in its phases the control has {users} users and {value}."


def _reading(found: VariantComparison, *, gone: bool) -> str:
    if found.guardrail is not None:
        return f"{GUARDED[found.guardrail.state].lower()} (margin {found.guardrail.margin:.0%})."
    if gone and found.reading in ("no_call", "collecting", "not_due"):
        return "taken out."
    if found.reading == "collecting":
        return f"collecting: {missing(found.floor)}"
    return READINGS[found.reading]


def _why(reason: str | None) -> str:
    return "" if reason in (None, "collecting") else reason_words(reason)
