"""Where the effect is: the primary goal in each segment, as rows on one scale. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from dashboard.reading.bars import Bar, bar
from dashboard.reading.comparison_row import Progress, progress
from dashboard.reading.heterogeneity import caveat, findings
from dashboard.reading.scale import Scale, scale_of
from dashboard.reading.ticks import Tick, ticks
from experiments.metrics import results
from experiments.metrics.results import (
    ComparisonResult,
    MetricResult,
    Scorecard,
    SegmentComparison,
    SegmentResult,
)

TOO_FEW = ("collecting", "too_few_users")


@dataclass(frozen=True, kw_only=True)
class SegmentRow:
    """A treatment in a segment. Without a bar, `progress` or `why` says what is in its way."""

    arm: ArmView
    users: str
    lift: str
    interval: str
    bar: Bar | None
    scale: Scale
    progress: Progress | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The users of one value: of the control, and a row per treatment."""

    name: str
    control: str
    users: str
    rows: tuple[SegmentRow, ...]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """All values of an attribute, and what the one test of each treatment over them says."""

    name: str
    tests: tuple[str, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class Segments:
    metric: str
    attributes: tuple[Attribute, ...]
    ticks: tuple[Tick, ...]
    caveat: str


def segments(
    scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView], *, scale: results.Scale
) -> Segments | None:
    """The metric's segments; None where the experiment is not cut by any attribute."""
    if not metric.segments:
        return None
    drawn = _scale_for(scorecard, metric, scale)
    view = _View(scorecard, metric, {arm.key: arm for arm in arms}, scale, drawn)
    found = dict.fromkeys(segment.attribute for segment in metric.segments)
    attributes = tuple(view.attribute(name) for name in found)
    any_bar = any(row.bar for a in attributes for s in a.segments for row in s.rows)
    return Segments(
        metric=metric.name,
        attributes=attributes,
        ticks=ticks(drawn, words.unit(metric, scale)) if any_bar else (),
        caveat=caveat(scorecard, metric),
    )


@dataclass(frozen=True)
class _View:
    """What every row of the card shares."""

    scorecard: Scorecard
    metric: MetricResult
    arms: dict[str, ArmView]
    scale: results.Scale
    drawn: Scale

    def attribute(self, name: str) -> Attribute:
        held = [segment for segment in self.metric.segments if segment.attribute == name]
        return Attribute(
            name=name,
            tests=findings(self.scorecard, self.metric, name),
            segments=tuple(self.segment(segment) for segment in held),
        )

    def segment(self, segment: SegmentResult) -> Segment:
        control = segment.values[0]
        return Segment(
            name=_name(segment),
            control=formats.value(control.value, words.style(self.metric)),
            users=words.plural(control.users, "user"),
            rows=tuple(self.row(segment, comparison) for comparison in segment.comparisons),
        )

    def row(self, segment: SegmentResult, comparison: SegmentComparison) -> SegmentRow:
        arm = self.arms[comparison.variant]
        users = next(v.users for v in segment.values if v.variant == comparison.variant)
        reason = _obstacle(comparison, self.scorecard)
        found = _wide(comparison, self.scorecard, self.scale)
        narrow = _result(comparison, "fixed", self.scale, cuped=self.scorecard.cuped)
        unit = words.unit(self.metric, self.scale)
        shown, floor = reason is None, comparison.floor
        waiting = reason in TOO_FEW and not self.scorecard.is_taken_out(arm.key)
        return SegmentRow(
            arm=arm,
            users=words.plural(users, "user"),
            lift=formats.signed(found.effect, unit) if shown else formats.DASH,
            interval=formats.interval(found.low, found.high, unit) if shown else formats.DASH,
            bar=bar(found, narrow, scale=self.drawn, tone="flat") if shown else None,
            scale=self.drawn,
            progress=progress(floor, arm) if waiting and floor else None,
            why=words.reason_words(reason),
        )


def _name(segment: SegmentResult) -> str:
    if segment.rest:
        return "All rarer values"
    return "Not given" if segment.value is None else segment.value or "Empty"


def _obstacle(comparison: SegmentComparison, scorecard: Scorecard) -> str | None:
    """Why nothing is shown of it: the reason of the absolute effect, which is the floor's too."""
    return _result(comparison, "fixed", "absolute", cuped=scorecard.cuped).reason


def _wide(
    comparison: SegmentComparison, scorecard: Scorecard, scale: results.Scale
) -> ComparisonResult:
    """What the thin line shows: the always-valid interval, but of a method of one look that."""
    method: results.Method = "sequential" if scorecard.method == "sequential" else "fixed"
    return _result(comparison, method, scale, cuped=scorecard.cuped)


def _result(
    comparison: SegmentComparison, method: results.Method, scale: results.Scale, *, cuped: bool
) -> ComparisonResult:
    wanted = (method, scale, cuped)
    return next(r for r in comparison.results if (r.method, r.scale, r.cuped) == wanted)


def _scale_for(scorecard: Scorecard, metric: MetricResult, scale: results.Scale) -> Scale:
    past = [
        comparison
        for segment in metric.segments
        for comparison in segment.comparisons
        if _obstacle(comparison, scorecard) is None
    ]
    wide = [_wide(comparison, scorecard, scale) for comparison in past]
    narrow = [_result(c, "fixed", scale, cuped=scorecard.cuped) for c in past]
    ends = (end for found in narrow for end in (found.effect, found.low, found.high))
    return scale_of(
        [(found.low, found.high) for found in wide],
        within=[end for end in ends if end is not None],
        even=scale == "absolute",
    )
