"""What the adjustments did: the comparison that decides beside the same with others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from dashboard.reading.bars import Bar, Tone, bar
from dashboard.reading.comparison_row import core
from dashboard.reading.scale import Scale, scale_of
from dashboard.reading.ticks import Tick, ticks
from experiments.metrics import results
from experiments.metrics.results import (
    ComparisonResult,
    MetricResult,
    Scorecard,
    VariantComparison,
)

Pair = tuple[ComparisonResult, ComparisonResult]
"""The interval that decides, and that of one look."""
Rows = list[tuple[str, Pair, Tone]]


@dataclass(frozen=True, kw_only=True)
class AdjustedRow:
    """One way to compare; `scale` is that of the card."""

    says: str
    lift: str
    interval: str
    bar: Bar | None
    scale: Scale
    progress: None = None


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """The rows of one treatment."""

    arm: ArmView
    rows: tuple[AdjustedRow, ...]


@dataclass(frozen=True, kw_only=True)
class Adjustments:
    arms: tuple[Adjusted, ...]
    ticks: tuple[Tick, ...]


def adjustments(
    scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView], *, scale: results.Scale
) -> Adjustments | None:
    """Of treatments past the floor; None where nothing is adjusted, or all are collecting."""
    shown = {c.variant: c for c in metric.comparisons if c.floor.reached}
    found = {key: _pairs(scorecard, metric, c, scale) for key, c in shown.items()}
    if not any(len(pairs) > 1 for pairs in found.values()):
        return None
    drawn = _scale_of(found.values(), scale)
    unit = words.unit(metric, scale)
    return Adjustments(
        arms=tuple(
            Adjusted(
                arm=arm,
                rows=tuple(
                    AdjustedRow(
                        says=says,
                        lift=formats.signed(wide.effect, unit),
                        interval=formats.interval(wide.low, wide.high, unit),
                        bar=bar(wide, narrow, scale=drawn, tone=tone),
                        scale=drawn,
                    )
                    for says, (wide, narrow), tone in found[arm.key]
                ),
            )
            for arm in arms
            if arm.key in found
        ),
        ticks=ticks(drawn, unit),
    )


def _pairs(
    scorecard: Scorecard, metric: MetricResult, comparison: VariantComparison, scale: results.Scale
) -> Rows:
    decided = comparison.decided(scale), core(scorecard, comparison, scale)
    judged: Tone = "flat"
    if comparison.guardrail is None and comparison.reading in ("better", "worse"):
        judged = "better" if comparison.reading == "better" else "worse"
    rows: Rows = [(_decided(scorecard, metric), decided, judged)]
    if comparison.confidence > scorecard.confidence:
        alone = _pair(scorecard, comparison.results, scale, cuped=scorecard.cuped)
        rows.append((_("Without the correction for several comparisons"), alone, "flat"))
    if any(r.cuped for r in comparison.results):
        other = _pair(scorecard, comparison.results, scale, cuped=not scorecard.cuped)
        rows.append((_cuped(scorecard, comparison), other, "flat"))
    whole = next((u.results for u in metric.uncapped if u.variant == comparison.variant), ())
    if whole:
        pair = _pair(scorecard, whole, scale, cuped=scorecard.cuped)
        rows.append((_("Without the cap"), pair, "flat"))
    return rows


def _decided(scorecard: Scorecard, metric: MetricResult) -> str:
    done = [_("with CUPED")] if scorecard.cuped else []
    caps = [cap for cap in metric.caps if cap is not None]
    if caps:
        style = words.style(metric) if metric.currency else "number"
        written = " / ".join(_cap(cap, style) for cap in caps)
        done += [_("capped at %(cap)s a user") % {"cap": written}]
    return ", ".join([_("As decided"), *done])


def _cap(cap: float, style: str) -> str:
    whole = style == "number" and cap.is_integer()
    return formats.number(cap) if whole else formats.value(cap, style)


def _cuped(scorecard: Scorecard, comparison: VariantComparison) -> str:
    """By how much CUPED narrows: the variance with it against that without."""
    plain, with_it = (
        comparison.result("fixed", "absolute", cuped=cuped).std_error for cuped in (False, True)
    )
    name = _("Without CUPED") if scorecard.cuped else _("With CUPED")
    if not plain or with_it is None:
        return name
    change = (with_it / plain) ** 2 - 1
    told = formats.signed(change, "percent")
    if scorecard.cuped:
        return _("%(name)s, which changes the variance by %(change)s") % {
            "name": name,
            "change": told,
        }
    return _("%(name)s, variance %(change)s") % {"name": name, "change": told}


def _pair(
    scorecard: Scorecard,
    found: Sequence[ComparisonResult],
    scale: results.Scale,
    *,
    cuped: bool,
) -> Pair:
    wide: results.Method = "sequential" if scorecard.method == "sequential" else "fixed"
    held = {r.method: r for r in found if r.scale == scale and r.cuped == cuped}
    return held[wide], held["fixed"]


def _scale_of(found: Iterable[Rows], scale: results.Scale) -> Scale:
    pairs = [pair for rows in found for _says, pair, _tone in rows]
    ends = (end for _wide, one in pairs for end in (one.effect, one.low, one.high))
    return scale_of(
        [(wide.low, wide.high) for wide, _one in pairs],
        within=[end for end in ends if end is not None],
        even=scale == "absolute",
    )
