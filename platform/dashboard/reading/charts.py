"""The charts of a page: figure, words and numbers of each, put together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dashboard import figures, formats
from dashboard.reading.arms import ArmView
from dashboard.reading.chart_view import ChartView, Choice, choices, has_periods, possible
from dashboard.reading.lines import lines
from dashboard.reading.marks import Mark
from dashboard.reading.series import NumberTable, exposure_numbers, line_numbers
from dashboard.reading.writing import writing
from experiments.metrics.results import MetricResult, Scorecard


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure as JSON-able values and the same numbers as a table; None where there is none yet,
    and `empty` says when it comes. `line` says how to read it, `choices` are links to others.
    """

    title: str
    line: str
    figure: dict[str, Any] | None
    numbers: NumberTable | None
    empty: str
    choices: tuple[tuple[Choice, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What is marked on the chart of a metric, and on that of the exposures."""

    metric: tuple[Mark, ...] = ()
    exposures: tuple[Mark, ...] = ()


def metric_chart(
    scorecard: Scorecard,
    metric: MetricResult,
    arms: Sequence[ArmView],
    *,
    view: ChartView,
    marks: Sequence[Mark],
    kept: Mapping[str, str],
) -> Chart:
    shown = possible(view, scorecard, metric)
    found, written = lines(scorecard, metric, arms, shown), writing(metric, shown)
    figure = figures.over_time(found, shown, written, marks)
    return Chart(
        title=title_over_time(metric),
        line=_read(scorecard, metric, shown),
        figure=figure,
        numbers=line_numbers(found, written) if figure else None,
        empty=_empty(shown),
        choices=choices(shown, scorecard, metric, kept),
    )


def title_over_time(metric: MetricResult) -> str:
    return _("%(metric)s over time") % {"metric": metric.name}


def _read(scorecard: Scorecard, metric: MetricResult, view: ChartView) -> str:
    """How to read the chart, in a line."""
    every = formats.every(scorecard.period_seconds)
    if view.by == "period":
        lift = _("Lift of one period alone (%(every)s), without an interval")
        value = _("Value of one period alone (%(every)s)")
        return (lift if view.of == "lift" else value) % {"every": every}
    said = (
        _("Cumulative lift with the always-valid interval")
        if view.of == "lift"
        else _("Cumulative. The band is each arm's own interval for one look")
    )
    dots = _("Dots are single periods (%(every)s)") % {"every": every}
    earlier = _("Dotted lines are earlier phases")
    more = [dots] if has_periods(scorecard, metric) else []
    if view.of == "value" and metric.metric in scorecard.phase_series:
        more.append(earlier)
    return ". ".join([said, *more])


def _empty(view: ChartView) -> str:
    if view.of == "lift":
        return _("The line appears once every arm has enough users to be judged.")
    return _("The line appears with the first exposures.")


def exposure_chart(scorecard: Scorecard, arms: Sequence[ArmView], marks: Sequence[Mark]) -> Chart:
    figure = figures.exposures_against_plan(scorecard, arms, marks)
    every = formats.every(scorecard.period_seconds)
    return Chart(
        title=_("Exposures against the plan"),
        line=_("New users %(every)s. Dashed is what the weights planned") % {"every": every},
        figure=figure,
        numbers=exposure_numbers(scorecard, arms) if figure else None,
        empty=_("The lines appear with the first users."),
    )
