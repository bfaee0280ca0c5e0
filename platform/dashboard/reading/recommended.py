"""The recommenders behind the arms: where they were clicked, and how they did online. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard import figures, formats
from dashboard.reading.arms import ArmView
from dashboard.reading.charts import Chart
from dashboard.reading.series import NumberRow, NumberTable
from experiments.metrics.results import (
    Breakdown,
    CategoryRate,
    MetricResult,
    PositionRate,
    Scorecard,
)

UNFOLDED = 5
"""Categories that the page shows at once."""


@dataclass(frozen=True, kw_only=True)
class CategoryRow:
    """CTR of each arm on the items of a category, with their share of all that it served."""

    name: str
    cells: tuple[tuple[ArmView, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Clicked:
    """Where and on what the arms were clicked; `note` says what was counted."""

    positions: Chart
    categories: tuple[CategoryRow, ...]
    arms: tuple[ArmView, ...]
    note: str

    @property
    def unfolded(self) -> tuple[CategoryRow, ...]:
        return self.categories[:UNFOLDED]

    @property
    def folded(self) -> tuple[CategoryRow, ...]:
        return self.categories[UNFOLDED:]


def clicked(scorecard: Scorecard, arms: Sequence[ArmView]) -> Clicked | None:
    """None of snapshots from before, and of logs that do not say which item was clicked."""
    found = scorecard.breakdown
    if found is None:
        return None
    return Clicked(
        positions=_positions(found, arms, phased=len(scorecard.phases) > 1),
        categories=_categories(found, arms),
        arms=tuple(arms),
        note=_note(found),
    )


def _positions(found: Breakdown, arms: Sequence[ArmView], *, phased: bool) -> Chart:
    figure = figures.ctr_by_position(found.positions, arms)
    held = {(rate.variant, rate.position): rate for rate in found.positions}
    places = sorted({rate.position for rate in found.positions})
    return Chart(
        title=_("CTR by position"),
        line=_("Place in the slate, the first at the left") + (_phase(found) if phased else ""),
        figure=figure,
        numbers=NumberTable(
            heading=_("Position"),
            arms=tuple(arms),
            rows=tuple(
                NumberRow(
                    title=str(place),
                    cells=tuple(_rate(held.get((arm.key, place))) for arm in arms),
                )
                for place in places
            ),
        ),
        empty=_("The lines appear with the first click."),
    )


def _phase(found: Breakdown) -> str:
    return ", " + _("phase %(number)s") % {"number": found.phase}


def _rate(rate: PositionRate | None) -> str:
    if rate is None or not rate.impressions:
        return formats.DASH
    share = formats.percent(rate.clicks / rate.impressions)
    return f"{share} ({rate.clicks:,} / {rate.impressions:,})"


def _categories(found: Breakdown, arms: Sequence[ArmView]) -> tuple[CategoryRow, ...]:
    held = {(rate.variant, rate.category): rate for rate in found.categories}
    whole = {
        arm.key: sum(r.impressions for r in found.categories if r.variant == arm.key)
        for arm in arms
    }
    return tuple(
        CategoryRow(
            name=_("All rarer ones") if category is None else category,
            cells=tuple(
                (arm, *_cell(held.get((arm.key, category)), whole[arm.key])) for arm in arms
            ),
        )
        for category in dict.fromkeys(rate.category for rate in found.categories)
    )


def _cell(rate: CategoryRate | None, whole: int) -> tuple[str, str]:
    if rate is None or not rate.impressions:
        return formats.DASH, formats.DASH
    return (
        formats.percent(rate.clicks / rate.impressions),
        formats.percent(rate.impressions / whole, 0),
    )


def _note(found: Breakdown) -> str:
    several = _("An item counts in each of its categories.")
    if found.slates_share == 1:
        return several
    drawn = _("Counted over %(share)s of the slates, drawn by chance.")
    return f"{drawn % {'share': formats.percent(found.slates_share, 0)}} {several}"


def online_lifts(metric: MetricResult, arms: Iterable[ArmView]) -> dict[str, str]:
    """The metric's lift by arm, beside what the models promised offline; `control` of the control,
    a dash below the floor.
    """
    found = {c.variant: c for c in metric.comparisons}
    said = {}
    for arm in arms:
        comparison = found.get(arm.key)
        if comparison is None:
            said[arm.key] = _("control") if arm.is_control else formats.DASH
        elif comparison.floor.reached:
            said[arm.key] = formats.signed(comparison.decided("relative").effect, "percent")
        else:
            said[arm.key] = formats.DASH
    return said
