"""The sentence at the top of an experiment: what to do, why, and the rule that decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from dashboard.reading.rules import Rule, goal_p, rules
from experiments.metrics.results import Floor, Scorecard, Verdict

Tone = Literal["better", "worse", "warn", "flat"]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A verdict in words: `word` for the badge, `title` what to do, `why` why.

    `advice` is what to do while it runs; it means nothing once the experiment has stopped.
    """

    tone: Tone
    icon: str
    word: str
    title: str
    why: str
    advice: str = ""
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
    say = {
        "collecting": _collecting,
        "unhealthy": _unhealthy,
        "no_call": _no_call,
        "better": _judged,
        "worse": _judged,
    }[scorecard.verdict.state]
    (tone, icon, word), title, why, advice = say(scorecard, arms)
    return Sentence(
        tone=tone, icon=icon, word=word, title=title, why=why, advice=advice, rules=rules(scorecard)
    )


Said = tuple[tuple[Tone, str, str], str, str, str]


def badge(verdict: Verdict | None) -> tuple[Tone, str, str]:
    """Tone, icon and word of a running experiment's badge."""
    found: dict[str, tuple[Tone, str, str]] = {
        "collecting": ("flat", "collecting", "Collecting"),
        "unhealthy": ("warn", "warn", "Unhealthy"),
        "no_call": ("flat", "wait", "No call yet"),
        "better": ("better", "up", "Ship"),
        "worse": ("worse", "back", "Roll back"),
    }
    return found[verdict.state if verdict else "collecting"]


def short(verdict: Verdict) -> str:
    """The verdict as one line of a list."""
    name = verdict.variant or ""
    effect = formats.signed(verdict.effect, "percent")
    if verdict.state == "unhealthy":
        return "A health check failed, so nothing is judged."
    if verdict.state == "collecting":
        return f"Collecting. {missing(verdict.floor)}" if verdict.floor else "Collecting."
    if verdict.state == "no_call":
        return f"{name} shows {effect}; not yet told from zero." if name else "No call yet."
    return f"{name} {_verb(verdict)} {words.about(verdict)} by {_size(verdict.effect)}."


def missing(floor: Floor) -> str:
    """What the arm that lacks most still lacks."""
    if floor.users_missing:
        return f"{floor.variant} has {floor.users:,} of {floor.users_needed:,} users."
    done = min((floor.precision or 0.0) / floor.precision_needed, 0.99)
    return f"{floor.variant} has {done:.0%} of the precision needed."


KEEP_RUNNING = "Keep it running."
WHERE_TO_LOOK = {
    "sample_ratio": (
        "Look for what loses users of one arm before they are counted: errors, redirects, a cache, "
        "or bots kept out of one arm only."
    ),
    "users_in_two_variants": (
        "Look for callers that send different ids for one person, or attributes that change."
    ),
}


def _without(title: str, detail: str) -> str:
    """The detail without the words that the title has said already."""
    return detail.removeprefix(f"{title.rstrip('.')}: ")


def _collecting(scorecard: Scorecard, arms: Sequence[ArmView]) -> Said:
    floor = scorecard.verdict.floor
    lacks = missing(floor) if floor else "Some arm is below the floor."
    needed = floor.users_needed if floor else 100
    why = (
        f"Nothing is judged or coloured before every arm has {needed:,} users "
        "and a steady enough rate: before that, chance decides."
    )
    return badge(scorecard.verdict), f"Collecting. {lacks}", why, ""


def _unhealthy(scorecard: Scorecard, arms: Sequence[ArmView]) -> Said:
    failed = [check for check in scorecard.health if check.name in scorecard.verdict.failed_checks]
    title = {
        "sample_ratio": "Arms are out of ratio, so nothing is judged.",
        "users_in_two_variants": "Users were seen in two variants, so nothing is judged.",
    }.get(failed[0].name if failed else "", "A health check failed, so nothing is judged.")
    why = " ".join(_without(title, check.detail) for check in failed)
    return (
        badge(scorecard.verdict),
        title,
        why,
        WHERE_TO_LOOK.get(failed[0].name if failed else "", ""),
    )


def _no_call(scorecard: Scorecard, arms: Sequence[ArmView]) -> Said:
    verdict = scorecard.verdict
    if verdict.variant is None or verdict.effect is None:
        return badge(verdict), "No call yet.", "No arm can be told from the control.", KEEP_RUNNING
    name = words.about(verdict)
    effect = formats.signed(verdict.effect, "percent")
    ends = formats.interval(verdict.low, verdict.high, "percent")
    title = f"No call yet. {verdict.variant} shows {effect} on {name}."
    if _clear_of_zero(verdict):
        why = (
            f"Its always-valid interval is {ends}, but corrected for the number of comparisons "
            f"{formats.equals_p(goal_p(scorecard))}, which is not enough."
        )
    else:
        why = f"Its always-valid interval, {ends}, still includes zero."
    return badge(verdict), title, why, KEEP_RUNNING


def _judged(scorecard: Scorecard, arms: Sequence[ArmView]) -> Said:
    verdict = scorecard.verdict
    control = arms[0].recommender if arms else scorecard.control
    ends = formats.interval(verdict.low, verdict.high, "percent")
    moved = f"{_act(scorecard, control)} {_verb(verdict)} {words.about(verdict)}"
    moved = f"{moved} by {_size(verdict.effect)}"
    rising = (verdict.effect or 0) > 0
    side = "above" if rising else "below"
    if _clear_of_zero(verdict) and len(scorecard.arms) > 2:
        # The interval is that of one comparison: no bound that holds for the best of several.
        title = f"{moved}."
        why = (
            f"Its own always-valid interval, {ends} against {control}, lies {side} zero; corrected "
            f"for the number of comparisons {formats.equals_p(goal_p(scorecard))}."
        )
    elif _clear_of_zero(verdict):
        title = f"{moved}, and by at least {_size(verdict.low if rising else verdict.high)}."
        why = f"The always-valid interval, {ends} against {control}, lies {side} zero."
    else:
        title = f"{moved}."
        why = (
            f"An earlier look was conclusive ({formats.equals_p(goal_p(scorecard))}), "
            "and that stands. "
            f"The interval of this look, {ends} against {control}, includes zero again."
        )
    return badge(verdict), title, " ".join([why, *_others(scorecard)]), ""


def _act(scorecard: Scorecard, control: str) -> str:
    """What to do, and of whom the rest of the sentence speaks."""
    variant = scorecard.verdict.variant
    if scorecard.verdict.state == "better":
        return f"Ship {variant}. It"
    if len(scorecard.arms) > 2:  # the verdict is `worse` only where every treatment is
        return f"Keep {control}. Every other arm is worse: {variant}, the best of them,"
    return f"Roll back {variant}. It"


def _others(scorecard: Scorecard) -> list[str]:
    """A sentence for each other treatment."""
    said = []
    for comparison in scorecard.metric(scorecard.primary).comparisons:
        if comparison.variant != scorecard.verdict.variant:
            result = comparison.result("sequential", "relative")
            if result.effect is not None:
                shows = f"{comparison.variant} shows {formats.signed(result.effect, 'percent')}"
                said.append(f"{shows}{_ENDINGS[comparison.reading]}.")
    return said


_ENDINGS = {
    "better": ", and is better too",
    "worse": ", and is worse",
    "no_call": ", which is not yet told from zero",
    "collecting": ", and is still collecting",
    "no_answer": "",
}


def _clear_of_zero(verdict: Verdict) -> bool:
    return (verdict.low is not None and verdict.low > 0) or (
        verdict.high is not None and verdict.high < 0
    )


def _verb(verdict: Verdict) -> str:
    return "lifts" if (verdict.effect or 0) > 0 else "lowers"


def _size(effect: float | None) -> str:
    return formats.signed(effect, "percent").lstrip(f"+{formats.MINUS}")
