"""What an experiment's page shows below the scorecard, from its latest snapshot. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from dashboard.reading.arms import ArmView
from dashboard.reading.chart_view import ChartView
from dashboard.reading.charts import Chart, exposure_chart, metric_chart
from dashboard.reading.marks import Mark, phase_marks, retrain_marks, traffic_marks
from dashboard.reading.recommended import Clicked, clicked, online_lifts
from experiments.metrics.results import Scorecard

if TYPE_CHECKING:
    from people.models import AuditEntry
    from recommenders.models import ModelVersion


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What there is to mark: versions of the arms' recommenders with when they went live, and
    entries of the audit trail that changed what traffic it takes, or decided to go on.
    """

    versions: Sequence[tuple[datetime, ModelVersion]] = ()
    entries: Sequence[AuditEntry] = ()

    def on_metric(self, scorecard: Scorecard, arms: Sequence[ArmView]) -> tuple[Mark, ...]:
        """What changed what the arms are."""
        marks = (*phase_marks(scorecard), *retrain_marks(scorecard, arms, self.versions))
        return tuple(sorted(marks, key=lambda mark: mark.at))

    def on_exposures(self, scorecard: Scorecard) -> tuple[Mark, ...]:
        """What changed how many users they get."""
        marks = (*phase_marks(scorecard), *traffic_marks(scorecard, self.entries))
        return tuple(sorted(marks, key=lambda mark: mark.at))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks for: which chart, and `kept`, what else it says."""

    view: ChartView = field(default_factory=ChartView)
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Below:
    """`lifts` are the primary metric's by arm; `retrained` says which arms were, and when."""

    over_time: Chart
    exposures: Chart
    clicked: Clicked | None
    lifts: Mapping[str, str]
    retrained: tuple[Mark, ...]


def below(
    scorecard: Scorecard, arms: Sequence[ArmView], *, asked: Asked, happened: Happened
) -> Below:
    primary = scorecard.metric(scorecard.primary)
    return Below(
        over_time=metric_chart(
            scorecard,
            primary,
            arms,
            view=asked.view,
            marks=happened.on_metric(scorecard, arms),
            kept=asked.kept,
        ),
        exposures=exposure_chart(scorecard, arms, happened.on_exposures(scorecard)),
        clicked=clicked(scorecard, arms),
        lifts=online_lifts(primary, arms),
        retrained=retrain_marks(scorecard, arms, happened.versions),
    )
