"""What running experiments rests on, as lines that ask for a person: log, models. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading.attention import Line

if TYPE_CHECKING:
    from experiments.models import Placement
    from recommenders.models import Training
    from serving.models import Pulse

SILENT = timedelta(minutes=2)
"""A pulse is taken every 15 seconds."""
RECENT = timedelta(minutes=5)
MOST_LAG = 60.0  # seconds
MOST_FALLBACKS = 0.05
BROKEN = ("no_model", "model_unavailable", "model_error")
"""Fallbacks that do not pass by themselves."""
LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Fallbacks:
    """Of the last minutes: the share of all slates, and each recommender with each reason."""

    share: float
    why: list[tuple[str, str]]


def recent_fallbacks(pulses: Sequence[Pulse]) -> Fallbacks | None:
    """Of the pulses of the last minutes; None where nothing was served."""
    served = sum(pulse.requests_per_minute for pulse in pulses)
    if not served:
        return None
    fell = sum(pulse.requests_per_minute * (pulse.fallback_share or 0.0) for pulse in pulses)
    why = {
        (recommender, reason)
        for pulse in pulses
        for recommender, reasons in pulse.fallbacks.items()
        for reason in reasons
    }
    return Fallbacks(share=fell / served, why=sorted(why))


def is_silent(newest: Pulse | None, *, expected_since: datetime | None, now: datetime) -> bool:
    """Whether the workers have not reported for long. `expected_since` is when there began to be
    something to report, None where there is nothing.
    """
    last = newest.at if newest else expected_since
    return last is not None and now - last > SILENT


def of_workers(newest: Pulse | None) -> Line:
    text = _(
        "do not report: nothing is analysed, trained, or started and stopped by the clock. "
        "See what manage.py up prints."
    )
    since = newest.at if newest else None
    return _line("workers", "warn", _("Background workers"), text, since=since)


def of_journals(problem: str | None) -> Iterator[Line]:
    if problem:
        yield _line("refused", "worse", _("Events and exposures"), f"{_('are refused')}: {problem}")


def of_log(newest: Pulse | None) -> Iterator[Line]:
    """The age of the oldest row that no analysis can see yet."""
    lag = newest.log_lag_seconds if newest else None
    if lag is not None and lag >= MOST_LAG:
        text = _("is %(span)s behind: what came since waits in the journals.")
        yield _line("log", "warn", _("The log"), text % {"span": formats.span(lag)})


def of_fallbacks(found: Fallbacks | None) -> Iterator[Line]:
    """A line for each recommender whose model is broken; one for all where it is only many."""
    if found is None:
        return
    broken = [(recommender, why) for recommender, why in found.why if why in BROKEN]
    for recommender, why in broken:
        yield _of_recommender("model", recommender, _reasons()[why], _("Open model"))
    if found.share >= MOST_FALLBACKS and not broken:
        text = _("are %(share)s of slates in the last 5 minutes.")
        share = formats.percent(found.share, 1)
        yield _line("fallbacks", "warn", _("Fallbacks"), text % {"share": share})


def of_training(training: Training) -> Line:
    lines = [line.strip() for line in training.error.splitlines() if line.strip()]
    why = f": {lines[-1][:LONGEST]}" if lines else "."
    text = _("failed in training after %(attempts)s attempts") % {"attempts": training.attempts}
    return _of_recommender(
        "training", training.recommender.key, text + why, _("Open training"), training.finished_at
    )


def of_default(placement: Placement) -> Line:
    text = _("is the default of %(placement)s and has no model: train it.")
    return _of_recommender(
        "model",
        placement.default_recommender.key,
        text % {"placement": placement.key},
        _("Open model"),
    )


def _reasons() -> dict[str, str]:
    return {
        "no_model": _("has no trained model: others' slates are served in its place."),
        "model_unavailable": _("cannot be loaded: others' slates are served in its place."),
        "model_error": _("fails when asked: others' slates are served in its place."),
    }


def _of_recommender(
    kind: str, key: str, text: str, action: str, since: datetime | None = None
) -> Line:
    return Line(
        kind=kind,
        tone="flat" if kind == "training" else "warn",
        icon="failed" if kind == "training" else "warn",
        subject=key,
        text=text,
        since=since,
        action=action,
        href=reverse("dashboard:recommender", args=[key]),
        joint="",
    )


def _line(kind: str, tone: str, subject: str, text: str, since: datetime | None = None) -> Line:
    return Line(
        kind=kind,
        tone=tone,
        icon="warn",
        subject=subject,
        text=text,
        since=since,
        action=_("Open data"),
        href=reverse("dashboard:data"),
        joint="",
    )
