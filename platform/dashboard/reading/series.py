"""The numbers behind a chart, as a table for those who read rather than look. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from experiments.metrics.results import Scorecard


class Point(Protocol):
    @property
    def as_of(self) -> datetime: ...

    @property
    def variant(self) -> str: ...


AnyPoint = TypeVar("AnyPoint", bound=Point)


@dataclass(frozen=True, kw_only=True)
class NumberTable:
    """A column per arm, a row per as-of time, the newest first."""

    arms: tuple[ArmView, ...]
    rows: tuple[tuple[datetime, tuple[str, ...]], ...]


def series_numbers(scorecard: Scorecard, arms: Sequence[ArmView]) -> NumberTable:
    """The primary metric per arm up to each time, with the arm's own interval."""
    style = words.style(scorecard.metric(scorecard.primary))
    return _table(
        scorecard.series.get(scorecard.primary, ()),
        arms,
        lambda p: (
            formats.value(p.value, style)
            if p.low is None
            else f"{formats.value(p.value, style)} ({formats.value_interval(p.low, p.high, style)})"
        ),
    )


def exposure_numbers(scorecard: Scorecard, arms: Sequence[ArmView]) -> NumberTable:
    """New users per arm in the period that ends at each time."""
    return _table(scorecard.exposures, arms, lambda p: f"{p.new_users:,}")


def _table(
    points: Iterable[AnyPoint], arms: Sequence[ArmView], say: Callable[[AnyPoint], str]
) -> NumberTable:
    cells: dict[datetime, dict[str, str]] = {}
    for point in points:
        cells.setdefault(point.as_of, {})[point.variant] = say(point)
    return NumberTable(
        arms=tuple(arms),
        rows=tuple(
            (as_of, tuple(cells[as_of].get(arm.key, formats.DASH) for arm in arms))
            for as_of in sorted(cells, reverse=True)
        ),
    )
