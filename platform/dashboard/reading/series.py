"""The numbers behind a chart, as a table for those who read rather than look. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading.arms import ArmView
from dashboard.reading.lines import Line, Lines
from dashboard.reading.writing import Writing
from experiments.metrics.results import Scorecard


@dataclass(frozen=True, kw_only=True)
class NumberRow:
    """What is at a time, or of a bin or position named by `title`; `note` says more of it."""

    cells: tuple[str, ...]
    at: datetime | None = None
    title: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class NumberTable:
    """A column per arm; `heading` is that of the first column."""

    heading: str
    arms: tuple[ArmView, ...]
    rows: tuple[NumberRow, ...]


def line_numbers(lines: Lines, writing: Writing) -> NumberTable:
    """Every line's points, the newest first; the rows of an earlier phase say so."""
    drawn = [*lines.current, *lines.earlier]
    arms = {line.arm.letter: line.arm for line in drawn}
    columns = tuple(arms[letter] for letter in sorted(arms))
    cells: dict[tuple[datetime, int], dict[str, str]] = {}
    for line in drawn:
        for dot in line.dots:
            cells.setdefault((dot.at, _phase(line, lines)), {})[line.arm.key] = writing.full(dot)
    return NumberTable(
        heading=_("Up to"),
        arms=columns,
        rows=tuple(
            NumberRow(
                at=at,
                note=_("phase %(number)s") % {"number": phase} if phase else "",
                cells=tuple(cells[at, phase].get(arm.key, formats.DASH) for arm in columns),
            )
            for at, phase in sorted(cells, reverse=True)
        ),
    )


def _phase(line: Line, lines: Lines) -> int:
    """Named of all phases where there are several, else 0."""
    return (line.phase or 0) if lines.earlier else 0


def exposure_numbers(scorecard: Scorecard, arms: Sequence[ArmView]) -> NumberTable:
    """New users per arm in the period that ends at each time."""
    cells: dict[datetime, dict[str, str]] = {}
    for point in scorecard.exposures:
        cells.setdefault(point.as_of, {})[point.variant] = f"{point.new_users:,}"
    return NumberTable(
        heading=_("Up to"),
        arms=tuple(arms),
        rows=tuple(
            NumberRow(at=at, cells=tuple(cells[at].get(arm.key, formats.DASH) for arm in arms))
            for at in sorted(cells, reverse=True)
        ),
    )
