"""A metric over time: values or lifts, cumulative with their bands or each period alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboard.figures.drawing import Figure, Trace, figure, scatter
from dashboard.figures.style import LineEnd, colour, layout
from dashboard.reading.chart_view import ChartView
from dashboard.reading.lines import Dot, Line, Lines
from dashboard.reading.marks import Mark
from dashboard.reading.writing import Writing

SETTLING = 0.25  # of the time: the first looks swing so far that they would flatten the rest
CLEARANCE = 0.08
ZERO = {"color": "var(--field)", "width": 1}


def over_time(
    lines: Lines, view: ChartView, writing: Writing, marks: Sequence[Mark] = ()
) -> Figure | None:
    """Per arm a line, where it is cumulative with its band, beside it each period as a dot, and
    earlier phases thin and dotted; None until there is a line.
    """
    if not lines.current:
        return None
    drawn = [*lines.earlier, *lines.current]
    span = _span([*drawn, *lines.periods])
    low, high = _range(lines, view)
    ends = [_line_end(line, writing) for line in lines.current]
    widest = max(len(end.text) for end in ends)
    return figure(
        [
            *(_dotted(line) for line in lines.earlier),
            *(trace for line in lines.current for trace in _band(line)),
            *(_dots(line) for line in lines.periods),
            *(_line(line, view, writing) for line in lines.current),
        ],
        layout(
            span=span,
            low=low,
            high=high,
            ends=ends,
            right=min(24 + 7 * widest, 200),
            marked=marks,
            **writing.axis,
            **({"zeroline": True, "zerolinecolor": ZERO["color"]} if view.of == "lift" else {}),
        ),
    )


def _times(dots: Sequence[Dot]) -> list[str]:
    return [dot.at.isoformat() for dot in dots]


def _band(line: Line) -> list[Trace]:
    held = [dot for dot in line.dots if dot.low is not None and dot.high is not None]
    if not held:
        return []
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    fill = {"fill": "tonexty", "fillcolor": colour(line.arm.hue, "band")}
    x = _times(held)
    return [
        scatter(x=x, y=[dot.high for dot in held], **edge),
        scatter(x=x, y=[dot.low for dot in held], **edge, **fill),
    ]


def _line(line: Line, view: ChartView, writing: Writing) -> Trace:
    alone = len(line.dots) == 1
    plain = "lines+markers" if view.by == "period" else "lines"
    return scatter(
        x=_times(line.dots),
        y=[dot.value for dot in line.dots],
        mode="markers" if alone else plain,
        line={"color": colour(line.arm.hue), "width": 1 if view.by == "period" else 2},
        marker={"color": colour(line.arm.hue), "size": 6 if alone else 5},
        name=f"{line.arm.letter} {line.arm.key}",
        text=[writing.full(dot) for dot in line.dots],
        hovertemplate="%{text}",
    )


def _dots(line: Line) -> Trace:
    return scatter(
        x=_times(line.dots),
        y=[dot.value for dot in line.dots],
        mode="markers",
        marker={"color": colour(line.arm.hue), "size": 4, "opacity": 0.6},
        hoverinfo="skip",
    )


def _dotted(line: Line) -> Trace:
    return scatter(
        x=_times(line.dots),
        y=[dot.value for dot in line.dots],
        mode="lines" if len(line.dots) > 1 else "markers",
        line={"color": colour(line.arm.hue), "width": 1, "dash": "1px,3px"},
        marker={"color": colour(line.arm.hue), "size": 4, "symbol": "circle-open"},
        hoverinfo="skip",
    )


def _line_end(line: Line, writing: Writing) -> LineEnd:
    last, arm = line.dots[-1], line.arm
    return LineEnd(
        hue=arm.hue,
        x=last.at.isoformat(),
        y=last.value,
        text=f"{arm.letter} {arm.key} {writing.short(last.value)}",
        short=f"{arm.letter} {writing.short(last.value)}",
    )


def _span(lines: Sequence[Line]) -> tuple[datetime, datetime]:
    times = [dot.at for line in lines for dot in line.dots]
    return min(times), max(times)


def _range(lines: Lines, view: ChartView) -> tuple[float, float]:
    """Of what has settled; single periods may leave it where there are lines to follow."""
    settling = 0.0 if view.by == "period" else SETTLING
    settled = [dot for line in (*lines.current, *lines.earlier) for dot in _late(line, settling)]
    known = [end for dot in settled for end in (dot.value, dot.low, dot.high) if end is not None]
    low, high = min(known), max(known)
    if view.of == "lift":
        low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low or abs(high) or 1.0) * CLEARANCE
    if view.of == "value" and low >= 0:
        return max(low - room, 0.0), high + room
    return low - room, high + room


def _late(line: Line, settling: float) -> list[Dot]:
    first, last = line.dots[0].at, line.dots[-1].at
    return [dot for dot in line.dots if dot.at >= first + settling * (last - first)]
