"""What a frozen report shows, from its row alone but for the marks of what had happened by then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from dashboard import formats
from dashboard.happened import happened
from dashboard.reading import verdict
from dashboard.reading.arms import ArmView
from dashboard.reading.below import Asked, below
from dashboard.reading.chart_view import chart_view
from dashboard.reading.health import Health, health
from dashboard.reading.rows import badge_of
from dashboard.reading.sheet import sheet
from experiments import reports
from experiments.metrics import ScorecardSpec
from experiments.metrics.exploring.asking import asked_of
from experiments.metrics.results import Scorecard
from experiments.models import Report


@dataclass(frozen=True, kw_only=True)
class Made:
    """A report in a list: who made it, and what its address asks for in words."""

    report: Report
    asked: str


def context_of(report: Report) -> dict[str, Any]:
    """All that the report's template reads."""
    card = msgspec.convert(report.scorecard, Scorecard)
    about, kept = reports.about_of(report), reports.samples_of(report)
    arms = _arms(about, card)
    asked = asked_of(report.asked, card, kept=True)
    spec = msgspec.convert(report.spec, ScorecardSpec)
    return {
        "report": report,
        "about": about,
        "frozen": True,
        "charted": {"key": report.experiment.key, "as_of": report.as_of},
        "badge": badge_of(about.status, card),
        "arms": arms,
        "said": verdict.sentence(card, arms),
        "health": _health(card),
        "sheet": sheet(card, spec, kept, arms, asked, has_samples=True),
        "users": sum(arm.users for arm in card.arms),
        "below": below(
            card,
            arms,
            asked=Asked(view=chart_view(report.asked)),
            happened=happened(report.experiment, until=report.as_of),
        ),
    }


def listed(found: list[Report]) -> list[Made]:
    return [
        Made(report=one, asked=", ".join(f"{name} {value}" for name, value in one.asked.items()))
        for one in found
    ]


def _health(card: Scorecard) -> Health:
    """Without how late the log is, which is of the present."""
    found = health(card, log_lag=None)
    told = tuple(figure for figure in found.figures if figure.figure != formats.DASH)
    return replace(found, figures=told)


def _arms(about: reports.About, card: Scorecard) -> tuple[ArmView, ...]:
    users = {arm.variant: arm.users for arm in card.arms}
    return tuple(
        ArmView(
            letter=arm.letter,
            key=arm.key,
            recommender=arm.recommender,
            version=None,
            share=arm.share,
            users=users.get(arm.key),
        )
        for arm in about.arms
    )
