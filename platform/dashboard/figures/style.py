"""What every chart shares: no frame, hairline grid, labels at line ends, no legend. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.figures import marks
from dashboard.figures.drawing import Layout
from dashboard.reading.marks import Mark

HEIGHT = 300
TOP, BOTTOM = 16, 32
ROOM = 0.012  # of the time shown, at either side of it
LABEL_GAP = 16  # pixels between two labels at line ends
MINUTE_MS, DAY_MS = 60_000, 86_400_000
TICKS = [
    {"dtickrange": [None, MINUTE_MS - 1], "value": "%H:%M:%S\n%-d %b"},
    {"dtickrange": [MINUTE_MS, DAY_MS - 1], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [DAY_MS, None], "value": "%-d %b"},
]


@dataclass(frozen=True, kw_only=True)
class LineEnd:
    """A label beside the last point of a line: full, and short for narrow screens."""

    hue: str
    x: str
    y: float
    text: str
    short: str


def colour(hue: str, part: str = "") -> str:
    """The token of an arm's colour: `part` is empty, `band` or `text`."""
    return f"var(--arm-{hue}{'-' + part if part else ''})"


def layout(
    *,
    span: tuple[datetime, datetime],
    low: float,
    high: float,
    ends: Sequence[LineEnd],
    right: int,
    marked: Sequence[Mark] = (),
    **y_axis: Any,
) -> Layout:
    """A chart over `span` whose y runs from `low` to `high`, with `right` pixels for labels and a
    rule where something was `marked`.
    """
    held = [mark for mark in marked if span[0] <= mark.at <= span[1]]
    rows = marks.rows_of(held, span)
    words = marks.notes(held, rows, span)
    frame = bare(height=HEIGHT, left=56, right=right)
    frame["margin"]["t"] = TOP + marks.ROW * (
        1 + max((r for r in rows if r is not None), default=-1)
    )
    return Layout(
        **frame,
        shapes=marks.rules(held),
        hovermode="x unified",
        xaxis=axis(
            type="date",
            range=_range(*span),
            showgrid=False,
            hoverformat="%-d %b, %H:%M",
            tickformatstops=TICKS,
            nticks=8,
        ),
        yaxis=axis(range=[low, high], nticks=6, showline=False, ticklabelstandoff=6, **y_axis),
        annotations=[*_labels(ends, low, high), *(note for note, _short in words)],
        meta={
            "short_labels": [end.short for end in ends] + [short for _note, short in words],
            "narrow_right": 14 + 7 * max((len(end.short) for end in ends), default=0),
        },
    )


def numbers_layout(
    *, x: dict[str, Any], y: dict[str, Any], notes: Sequence[dict[str, Any]]
) -> Layout:
    """A chart of one number against another, both axes titled."""
    frame = bare(height=HEIGHT, left=56, right=16)
    frame["margin"]["b"] = BOTTOM + 18
    return Layout(
        **frame,
        hovermode="x unified",
        xaxis=axis(type="linear", nticks=8, **_titled(x)),
        yaxis=axis(showline=False, ticklabelstandoff=6, **_titled(y)),
        annotations=list(notes),
    )


def _titled(of: dict[str, Any]) -> dict[str, Any]:
    return {**of, "title": {"text": of["title"], "font": {"size": 12}, "standoff": 8}}


def bare(*, height: int, left: int, right: int) -> dict[str, Any]:
    """What every layout has, whatever its axes."""
    return {
        "height": height,
        "margin": {"l": left, "r": right, "t": TOP, "b": BOTTOM},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": "var(--ink-3)"},
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {
            "bgcolor": "var(--surface)",
            "bordercolor": "var(--line-strong)",
            "font": {"color": "var(--ink)", "size": 12},
        },
    }


def _range(first: datetime, last: datetime) -> list[str]:
    """The axis, with a little room on both sides for dots."""
    room = timedelta(seconds=30) if first == last else (last - first) * ROOM
    return [(first - room).isoformat(), (last + room).isoformat()]


def axis(**more: Any) -> dict[str, Any]:
    """An axis as all charts have it, with changes."""
    return {
        "fixedrange": True,
        "zeroline": False,
        "gridcolor": "var(--line)",
        "linecolor": "var(--line-strong)",
        "showline": True,
        "ticks": "",
        **more,
    }


def _labels(ends: Sequence[LineEnd], low: float, high: float) -> list[dict[str, Any]]:
    per_pixel = (high - low) / (HEIGHT - TOP - BOTTOM)
    places = spread(
        [end.y for end in ends], LABEL_GAP * per_pixel, least=low + LABEL_GAP / 2 * per_pixel
    )
    return [
        {
            "x": end.x,
            "y": place,
            "text": end.text,
            "font": {"color": colour(end.hue, "text"), "size": 12},
            "showarrow": False,
            "xanchor": "left",
            "xshift": 6,
        }
        for end, place in zip(ends, places, strict=True)
    ]


def spread(places: Sequence[float], gap: float, *, least: float = -math.inf) -> list[float]:
    """The places, moved apart where closer than `gap`, in their order and about their middle, none
    below `least`.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1 and _overlap(groups[-2], groups[-1], places, gap):
            above = groups.pop()
            groups[-1] += above
    moved = list(places)
    for group in groups:
        first = _middle(group, places) - gap * (len(group) - 1) / 2
        for step, i in enumerate(group):
            moved[i] = first + gap * step
    return _raised(moved, order, gap, least)


def _raised(places: Sequence[float], order: Sequence[int], gap: float, least: float) -> list[float]:
    """The places, none below `least`: who stood lower pushes the next ones up."""
    raised = list(places)
    for i in order:
        raised[i] = max(raised[i], least)
        least = raised[i] + gap
    return raised


def _middle(group: Sequence[int], places: Sequence[float]) -> float:
    return sum(places[i] for i in group) / len(group)


def _overlap(
    below: Sequence[int], above: Sequence[int], places: Sequence[float], gap: float
) -> bool:
    room = _middle(above, places) - _middle(below, places)
    return room < gap * (len(below) + len(above)) / 2
