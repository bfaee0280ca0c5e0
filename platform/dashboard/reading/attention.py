"""What asks for a person, as a line each: what it is, since when, and where to do something. Pure.

This module reads experiments; what it takes to run them is read in `machines`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.reading import sentences, words
from experiments.metrics.results import Scorecard
from experiments.ramps.deciding import STALE

if TYPE_CHECKING:
    from dashboard.overview_reads import Look
    from experiments.models import Experiment
    from people.models import AuditEntry

ORDER = (
    "refused",
    "workers",
    "unhealthy",
    "harm",
    "roll_back",
    "model",
    "log",
    "fallbacks",
    "ramp",
    "ship",
    "inconclusive",
    "taken_out",
    "missed",
    "late",
    "training",
    "stale",
    "undecided",
)
"""The kinds of lines, the most pressing first."""
LOOKS = {
    "unhealthy": ("warn", "warn"),
    "harm": ("worse", "warn"),
    "roll_back": ("worse", "back"),
    "ship": ("better", "up"),
    "inconclusive": ("flat", "info"),
    "taken_out": ("flat", "stopped"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """`subject` and `text` are one sentence, with `joint` between them. `action` is what a person
    who may act does there; `since` is None where it is of this moment.
    """

    kind: str
    tone: str
    icon: str
    subject: str
    text: str
    since: datetime | None
    action: str
    href: str
    joint: str = ":"


def pressing(lines: Iterator[Line]) -> list[Line]:
    """The most pressing kind first, and within a kind the oldest."""
    return sorted(
        lines, key=lambda one: (ORDER.index(one.kind), one.since.timestamp() if one.since else 0.0)
    )


def of_look(experiment: Experiment, look: Look) -> Iterator[Line]:
    """What the newest look at a running experiment says that people have to act on."""
    state = look.card.decision.state
    if state in LOOKS:
        line = _line(experiment, state, said(look.card, experiment), look.since, _actions()[state])
        yield replace(line, href=health_of(experiment)) if state == "unhealthy" else line
    if state != "unhealthy":
        for text in harms(look.card):
            yield _line(experiment, "harm", text, None, _("Look"))


def health_of(experiment: Experiment) -> str:
    return reverse("dashboard:experiment-health", args=[experiment.key])


def said(card: Scorecard, experiment: Experiment) -> str:
    """The verdict within a line that begins with the experiment's name."""
    control = experiment.variants.all()[0].recommender.key
    sentence = sentences.say(card, control=control)
    more = f" {sentence.why}" if card.decision.state == "unhealthy" else ""
    return words.within_sentence(sentence.title) + more


def harms(card: Scorecard) -> Iterator[str]:
    """Guardrails with harm shown, but for the one that the decision is about already."""
    decided = card.decision.rule == "guardrail_harmed"
    for metric in card.metrics:
        for found in metric.comparisons:
            named = decided and (metric.metric, found.variant) == (
                card.decision.headline.metric,
                card.decision.variant,
            )
            shown = found.guardrail is not None and found.guardrail.state == "harm_shown"
            if shown and not named and not card.is_taken_out(found.variant):
                text = _("%(variant)s shows harm on %(metric)s.")
                watched = _("%(variant)s got worse on %(metric)s, which is only watched.")
                yield (text if metric.required else watched) % {
                    "variant": found.variant,
                    "metric": words.within_sentence(metric.name),
                }


def unseen(experiment: Experiment, look: Look | None, *, now: datetime) -> Iterator[Line]:
    """Of a running experiment that should have been analysed by now."""
    since = look.card.as_of if look else experiment.started_at
    if since is not None and now - since > STALE:
        text = _("not analysed any more.") if look else _("runs, and was never analysed.")
        yield _line(experiment, "stale", text, since, _("Open"))


def of_entry(experiment: Experiment, entry: AuditEntry) -> Line:
    """Of what happened to it by itself."""
    if entry.verb == "miss start":
        text = _("not started at its time. %(why)s") % {"why": entry.why}
        return _line(experiment, "missed", text, entry.at, _("Open draft"))
    text = _("paused by its ramp. %(why)s") % {"why": entry.why}
    return _line(experiment, "ramp", text, entry.at, _("Look"))


def of_late(experiment: Experiment) -> Line:
    """Of what the clock has not done."""
    starts = experiment.started_at is None
    text = _("due to start, and not started.") if starts else _("due to end, and not stopped.")
    since = experiment.starts_at if starts else experiment.ends_at
    return _line(experiment, "late", text, since, _("Open"))


def of_stopped(experiment: Experiment) -> Line:
    text = _("stopped, and waits for a decision.")
    return _line(experiment, "undecided", text, experiment.stopped_at, _("Decide"))


def _line(
    experiment: Experiment, kind: str, text: str, since: datetime | None, action: str
) -> Line:
    tone, icon = LOOKS.get(kind, ("flat", "wait"))
    return Line(
        kind=kind,
        tone=tone,
        icon=icon,
        subject=experiment.name,
        text=text,
        since=since,
        action=action,
        href=experiment.get_absolute_url(),
    )


def _actions() -> dict[str, str]:
    return {
        "unhealthy": _("Open health"),
        "roll_back": _("Roll back"),
        "ship": _("Decide"),
        "inconclusive": _("Decide"),
        "taken_out": _("Stop it"),
    }
