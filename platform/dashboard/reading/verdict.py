"""The sentence at the top of an experiment: what to do, why, and the rule that decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

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


WAITING = Sentence(
    tone="flat",
    icon="collecting",
    word="Collecting",
    title="Collecting. No exposure has been analysed yet.",
    why="The first figures appear within a minute of the first request for this placement.",
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


BADGES: dict[str, tuple[Tone, str, str]] = {
    "collecting": ("flat", "collecting", "Collecting"),
    "unhealthy": ("warn", "warn", "Unhealthy"),
    "keep_running": ("flat", "wait", "Keep running"),
    "inconclusive": ("flat", "info", "Inconclusive"),
    "ship": ("better", "up", "Ship"),
    "roll_back": ("worse", "back", "Roll back"),
    "taken_out": ("flat", "stopped", "Taken out"),
}


def badge(verdict: Verdict | None) -> tuple[Tone, str, str]:
    """Tone, icon and word of a running experiment's badge."""
    return BADGES[verdict.state if verdict else "collecting"]


def short(verdict: Verdict) -> str:
    """The verdict as one line of a list."""
    headline = verdict.headline
    if verdict.state == "unhealthy":
        return _("A health check failed, so nothing is judged.")
    if verdict.state == "collecting":
        return f"Collecting. {sentences.missing(headline.floor)}"
    if verdict.rule in ("goal_better", "goal_worse"):
        return f"{verdict.variant} {words.moves(headline)}."
    if verdict.rule == "nothing_shown" and headline.effect is not None:
        shows = formats.signed(headline.effect, "percent")
        return f"{verdict.variant} shows {shows}; not yet told from zero."
    return f"{verdict.because}."
