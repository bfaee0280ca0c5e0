"""Experiments under way as cards, their goal intervals on one scale for all of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from dashboard.reading import verdict as verdicts
from dashboard.reading.arms import ArmView, arms_of
from dashboard.reading.comparison_row import Row, core, row
from dashboard.reading.health import health
from dashboard.reading.rows import Badge, badge_of
from dashboard.reading.scale import Scale, scale_of
from dashboard.reading.ticks import Tick, tick
from experiments.metrics.results import MetricResult, Scorecard

if TYPE_CHECKING:
    from dashboard.overview_reads import Look
    from experiments.models import Experiment

TICKS = 5


@dataclass(frozen=True, kw_only=True)
class ArmLine:
    """An arm's users; `needed` and `percent` of them while they are too few, else None."""

    arm: ArmView
    needed: int | None = None
    percent: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Card:
    """`rows` of the goal `metric` where it is judged, else `lines` of arms, or neither before the
    first look. `note` says what stands in the way of a judgement.
    """

    experiment: Experiment
    badge: Badge
    day: int
    days: int | None
    sentence: str
    metric: str
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    lines: tuple[ArmLine, ...]
    note: str
    users: int | None
    arms: tuple[ArmView, ...]
    rest: float


def cards(
    experiments: Iterable[Experiment], looks: Mapping[int, Look], *, now: datetime
) -> list[Card]:
    """A card for each, in their order."""
    drawn = _scale([look.card for look in looks.values()])
    return [
        _card(one, looks[one.pk].card if one.pk in looks else None, drawn, now)
        for one in experiments
    ]


def _scale(scorecards: Sequence[Scorecard]) -> Scale:
    """Of every goal that is past its floor and judged."""
    past = [
        (card, found)
        for card in scorecards
        if card.decision.state != "unhealthy"
        for found in _goal(card).comparisons
        if found.floor.reached
    ]
    decided = [found.decided("relative") for _, found in past]
    cores = [core(card, found, "relative") for card, found in past]
    ends = (end for one in cores for end in (one.effect, one.low, one.high))
    within = [end for end in ends if end is not None]
    return scale_of([(one.low, one.high) for one in decided], within=within)


def _goal(card: Scorecard) -> MetricResult:
    """The goal that the decision is about, or else the first."""
    about = card.metric(card.decision.headline.metric)
    return about if about.role == "goal" else card.metric(card.primary)


def _card(experiment: Experiment, card: Scorecard | None, drawn: Scale, now: datetime) -> Card:
    arms = arms_of(experiment, card)
    rows = _rows(card, arms, drawn) if card else ()
    traffic = float(experiment.traffic)
    started = experiment.started_at or now
    return Card(
        experiment=experiment,
        badge=badge_of(experiment.status, card),
        day=max((now - started).days, 0) + 1,
        days=_days(started, experiment.ends_at),
        sentence=_sentence(experiment, card, arms),
        metric=_goal(card).name if card else "",
        ticks=_ticks(drawn) if any(one.bar for one in rows) else (),
        rows=rows,
        lines=_lines(card, arms) if card and not rows else (),
        note=_note(card),
        users=sum(arm.users for arm in card.arms) if card else None,
        arms=arms,
        rest=(1 - traffic) / traffic,
    )


def _ticks(drawn: Scale) -> tuple[Tick, ...]:
    """Zero, and what is not so close to an end that its label would leave the card."""
    shown = (e for e in drawn.ticks(TICKS) if not e or 8 <= drawn.at(e) <= 92)
    return tuple(tick(drawn, effect) for effect in shown)


def _days(started: datetime, ends_at: datetime | None) -> int | None:
    """How many days it is to run, where its end is set: a day that has begun counts."""
    if ends_at is None:
        return None
    return max(-((started - ends_at).days), 1)


def _sentence(experiment: Experiment, card: Scorecard | None, arms: tuple[ArmView, ...]) -> str:
    title = verdicts.sentence(card, arms).title if card else verdicts.waiting().title
    if experiment.status != experiment.Status.PAUSED:
        return title
    default = experiment.placement.default_recommender.key
    return _("Everybody gets %(default)s. Before: %(said)s") % {"default": default, "said": title}


def _rows(card: Scorecard, arms: Sequence[ArmView], drawn: Scale) -> tuple[Row, ...]:
    """Of the goal's comparisons, unless health failed or an arm still lacks users."""
    goal = _goal(card)
    short = any(found.floor.users_missing for found in goal.comparisons)
    if card.decision.state == "unhealthy" or (short and card.decision.state == "collecting"):
        return ()
    by_key = {arm.key: arm for arm in arms}
    return tuple(
        row(card, goal, found, arm=by_key[found.variant], scale="relative", drawn=drawn)
        for found in goal.comparisons
    )


def _lines(card: Scorecard, arms: Sequence[ArmView]) -> tuple[ArmLine, ...]:
    if card.decision.state == "unhealthy":
        return tuple(ArmLine(arm=arm) for arm in arms)
    needed = card.decision.headline.floor.users_needed
    return tuple(
        ArmLine(arm=arm, needed=needed, percent=round(min((arm.users or 0) / needed, 1) * 100, 1))
        for arm in arms
    )


def _note(card: Scorecard | None) -> str:
    if card is None:
        return ""
    if card.decision.state == "unhealthy":
        failed = [one for one in health(card, log_lag=None).figures if one.healthy is False]
        said = ", ".join(f"{one.title} {one.figure}" for one in failed)
        return _("%(checks)s. No winner while unhealthy") % {"checks": said}
    if card.decision.state == "collecting":
        return _("No verdict and no colour before the floor")
    return ""
