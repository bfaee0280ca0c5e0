"""Everything the page of one experiment shows, put together from its latest snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dashboard import formats
from dashboard.reading import verdict as verdicts
from dashboard.reading.absent import no_segments
from dashboard.reading.arms import ArmView, arms_of
from dashboard.reading.below import Asked, Below, Happened, below
from dashboard.reading.clicks import ClickRow, clicks, impressions_note
from dashboard.reading.health import Health, health
from dashboard.reading.rows import Badge, badge_of
from dashboard.reading.segments import Segments, segments
from dashboard.reading.served import Served, served
from dashboard.reading.verdict import Sentence
from experiments import cadence, selectors
from experiments.metrics.results import MetricResult, Scale, Scorecard

if TYPE_CHECKING:
    from experiments.models import Experiment, Snapshot
    from recommenders.models import ModelVersion


@dataclass(frozen=True, kw_only=True)
class Results:
    """What exists only once there is a snapshot."""

    snapshot: Snapshot
    scorecard: Scorecard
    primary: MetricResult
    users: int
    segments: Segments | None
    no_segments: str
    served: Served | None
    clicks: tuple[ClickRow, ...]
    impressions_note: str
    below: Below

    @property
    def analysed_every(self) -> str:
        return formats.span(cadence.pause(self.scorecard.period_seconds).total_seconds())

    @property
    def next_at(self) -> datetime:
        """When the next analysis of a running experiment is due."""
        return next_at(self.scorecard)

    @property
    def to_ship(self) -> str:
        """The variant that the figures say to ship; empty where they do not."""
        decision = self.scorecard.decision
        return decision.variant if decision.state == "ship" else ""

    @property
    def judged(self) -> bool:
        return self.scorecard.decision.state not in ("collecting", "unhealthy")


def next_at(scorecard: Scorecard) -> datetime:
    """When the analysis after this one is due."""
    return scorecard.as_of + cadence.pause(scorecard.period_seconds)


def is_ahead(scorecard: Scorecard, *, now: datetime) -> bool:
    """Whether the minute in which the next analysis is due, as the page says it, is not over."""
    return now < next_at(scorecard).replace(second=0, microsecond=0) + timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One experiment. `scorecard` and what is read of it are None for a draft and before the first
    analysis, and `results` on the tabs that do not show them.
    """

    experiment: Experiment
    phase: int | None
    badge: Badge
    arms: tuple[ArmView, ...]
    verdict: Sentence
    snapshot: Snapshot | None
    scorecard: Scorecard | None
    health: Health | None
    results: Results | None
    scale: Scale


def experiment_page(
    experiment: Experiment,
    snapshot: Snapshot | None,
    *,
    scale: Scale,
    log_lag: float | None,
    then: Mapping[int, ModelVersion] | None = None,
    whole: bool = True,
    asked: Asked | None = None,
    happened: Happened | None = None,
) -> Page:
    """The page of an experiment that has been started; reads only what it is given.

    `then` are the versions that were live when it stopped, by recommender. The results are read
    where it shall be `whole`.
    """
    scorecard = selectors.scorecard_of(snapshot) if snapshot else None
    arms = arms_of(experiment, scorecard, then=then)
    beside = asked or Asked(), happened or Happened()
    found = (
        _results(snapshot, scorecard, arms, scale, *beside)
        if snapshot and scorecard and whole
        else None
    )
    return Page(
        experiment=experiment,
        phase=max((phase.number for phase in experiment.phases.all()), default=None),
        badge=badge_of(experiment.status, scorecard),
        arms=arms,
        verdict=verdicts.sentence(scorecard, arms) if scorecard else verdicts.waiting(),
        snapshot=snapshot,
        scorecard=scorecard,
        health=health(scorecard, log_lag=log_lag) if scorecard else None,
        results=found,
        scale=scale,
    )


def _results(
    snapshot: Snapshot,
    scorecard: Scorecard,
    arms: tuple[ArmView, ...],
    scale: Scale,
    asked: Asked,
    happened: Happened,
) -> Results:
    primary = scorecard.metric(scorecard.primary)
    return Results(
        snapshot=snapshot,
        scorecard=scorecard,
        primary=primary,
        users=sum(arm.users for arm in scorecard.arms),
        segments=segments(scorecard, primary, arms, scale=scale),
        no_segments=no_segments(primary),
        served=served(scorecard, arms),
        clicks=clicks(scorecard, arms),
        impressions_note=impressions_note(scorecard),
        below=below(scorecard, arms, asked=asked, happened=happened),
    )
