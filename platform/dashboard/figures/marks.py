"""Rules at the times when something changed, with words on top. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboard.reading.marks import Mark

ROW = 15  # pixels between two rows of words
MOST_ROWS = 3
LETTER = 6.4 / 560  # of the chart's width; a narrower one takes the short words
EDGE = 0.1
SOLID = {"color": "var(--ink-3)", "width": 1}
DASHED = {"color": "var(--field)", "width": 1, "dash": "3px,3px"}


def rows_of(marks: Sequence[Mark], span: tuple[datetime, datetime]) -> list[int | None]:
    """In which row above the chart each mark's words stand, 0 the lowest, so that none overlap;
    None where no row has room, and the rule goes without.
    """
    ends = [-1.0] * MOST_ROWS
    found: list[int | None] = []
    for mark in marks:
        low, high = _extent(mark, span)
        row = next((n for n, end in enumerate(ends) if end < low), None)
        if row is not None:
            ends[row] = high
        found.append(row)
    return found


def _place(mark: Mark, span: tuple[datetime, datetime]) -> float:
    whole = (span[1] - span[0]).total_seconds() or 1.0
    return (mark.at - span[0]).total_seconds() / whole


def _anchor(place: float) -> str:
    return "left" if place < EDGE else "right" if place > 1 - EDGE else "center"


def _extent(mark: Mark, span: tuple[datetime, datetime]) -> tuple[float, float]:
    place, width = _place(mark, span), (len(mark.text) + 2) * LETTER
    low = {"left": place, "right": place - width, "center": place - width / 2}[_anchor(place)]
    return low, low + width


def rules(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """A phase change is solid, anything else dashed."""
    return [
        {"type": "line", "x0": mark.at.isoformat(), "x1": mark.at.isoformat()}
        | {"yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
        | {"line": SOLID if mark.kind == "phase" else DASHED}
        for mark in marks
    ]


def notes(
    marks: Sequence[Mark], rows: Sequence[int | None], span: tuple[datetime, datetime]
) -> list[tuple[dict[str, Any], str]]:
    """The words, each with its short form."""
    return [
        (
            {
                "x": mark.at.isoformat(),
                "xanchor": _anchor(_place(mark, span)),
                "yref": "paper",
                "y": 1,
                "yanchor": "bottom",
                "yshift": 2 + ROW * row,
                "text": mark.text,
                "font": {"color": "var(--ink-3)", "size": 11},
                "showarrow": False,
            },
            mark.short,
        )
        for mark, row in zip(marks, rows, strict=True)
        if row is not None
    ]
