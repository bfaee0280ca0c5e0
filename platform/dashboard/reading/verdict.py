"""The sentence at the top of an experiment: what to do, why, and the rule that decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dashboard import formats
from dashboard.reading import sentences, words
from dashboard.reading.arms import ArmView
from dashboard.reading.rules import Rule, rules
from experiments.metrics.results import Scorecard, Verdict

Tone = Literal["better", "worse", "warn", "flat"]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A verdict in words: `word` for the badge, `title` what to do, `why` why.

    `advice` is what to do while it runs; it means nothing once the experiment has stopped. `rule`
    is the row of the decision table that decided, in words.
    """

    tone: Tone
    icon: str
    word: str
    title: str
    why: str
    advice: str = ""
    rule: str = ""
    rules: tuple[Rule, ...] = ()


def waiting() -> Sentence:
    """What is said before the first analysis."""
    tone, icon, word = badge(None)
    return Sentence(
        tone=tone,
        icon=icon,
        word=word,
        title=_now("Collecting. No exposure has been analysed yet."),
        why=_now(
            "The first figures appear within a minute of the first request for this placement."
        ),
    )


def sentence(scorecard: Scorecard, arms: Sequence[ArmView]) -> Sentence:
    """What the scorecard's verdict says."""
    tone, icon, word = badge(scorecard.decision)
    said = sentences.say(scorecard, control=arms[0].recommender if arms else scorecard.control)
    return Sentence(
        tone=tone,
        icon=icon,
        word=word,
        title=said.title,
        why=said.why,
        advice=said.advice,
        rule=f"{scorecard.decision.because}.",
        rules=rules(scorecard),
    )


BADGES: dict[str, tuple[Tone, str, str | Promise]] = {
    "collecting": ("flat", "collecting", _("Collecting")),
    "unhealthy": ("warn", "warn", _("Unhealthy")),
    "keep_running": ("flat", "wait", _("Keep running")),
    "inconclusive": ("flat", "info", _("Inconclusive")),
    "ship": ("better", "up", _("Ship")),
    "roll_back": ("worse", "back", _("Roll back")),
    "taken_out": ("flat", "stopped", _("Taken out")),
}


def badge(verdict: Verdict | None) -> tuple[Tone, str, str]:
    """Tone, icon and word of a running experiment's badge."""
    tone, icon, word = BADGES[verdict.state if verdict else "collecting"]
    return tone, icon, str(word)


def short(verdict: Verdict) -> str:
    """The verdict as one line of a list."""
    headline = verdict.headline
    if verdict.state == "unhealthy":
        return _now("A health check failed, so nothing is judged.")
    if verdict.state == "collecting":
        lacking = sentences.missing(headline.floor)
        return _now("Collecting. %(lacking)s") % {"lacking": lacking}
    if verdict.rule in ("goal_better", "goal_worse"):
        return f"{verdict.variant} {words.moves(headline)}."
    if verdict.rule == "nothing_shown" and headline.effect is not None:
        said = _now("%(variant)s shows %(lift)s; not yet told from zero.")
        return said % {
            "variant": verdict.variant,
            "lift": formats.signed(headline.effect, "percent"),
        }
    return f"{verdict.because}."
