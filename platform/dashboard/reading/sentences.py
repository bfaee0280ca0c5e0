"""What each state of a decision says: a title, why, and what to do while it runs. Pure."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading import words
from experiments.metrics.results import Floor, Headline, MetricResult, Scorecard


class Said(NamedTuple):
    """Whole sentences, `advice` perhaps none."""

    title: str
    why: str
    advice: str = ""


WHERE_TO_LOOK = {
    "sample_ratio": (
        "Look for what loses users of one arm before they are counted: errors, redirects, a cache, "
        "or bots kept out of one arm only."
    ),
    "users_in_absent_arms": (
        "Look for callers that keep an old assignment, and for weights other than those in force."
    ),
    "users_in_two_variants": (
        "Look for callers that send different ids for one person, or attributes that change."
    ),
    "other_experiments": (
        "Look for two experiments that share a seed, or for one that serves only one arm of the "
        "other."
    ),
}
KEEP_RUNNING = "Keep it running."
A_PERSON_DECIDES = "Decide by what else you know, or plan a larger experiment."


def say(scorecard: Scorecard, *, control: str) -> Said:
    """The sentences of a scorecard's decision. `control` is the control's recommender."""
    state = scorecard.decision.state
    if state == "collecting":
        return _collecting(scorecard)
    if state == "unhealthy":
        return _unhealthy(scorecard)
    if state == "taken_out":
        return Said(
            _("No treatment is left: all were taken out."), f"{scorecard.decision.because}."
        )
    if scorecard.decision.rule == "guardrail_harmed":
        return _harmed(scorecard)
    if state in ("ship", "roll_back"):
        return _judged(scorecard, control)
    return _open(scorecard)


def missing(floor: Floor) -> str:
    """What the arm that lacks most still lacks."""
    if floor.users_missing:
        return f"{floor.variant} has {floor.users:,} of {floor.users_needed:,} users."
    if not floor.precision:
        said = _("Every user of %(variant)s has the same value so far.")
        return said % {"variant": floor.variant}
    done = min(floor.precision / floor.precision_needed, 0.99)
    return f"{floor.variant} has {done:.0%} of the precision needed."


def _collecting(scorecard: Scorecard) -> Said:
    floor = scorecard.decision.headline.floor
    several = len([m for m in scorecard.metrics if m.role == "goal"]) > 1
    on = f" on {words.about(scorecard.decision.headline)}" if several else ""
    return Said(
        f"Collecting{on}. {missing(floor)}",
        f"Nothing is judged or coloured before every arm has {floor.users_needed:,} users "
        "and a steady enough rate: before that, chance decides.",
    )


def _unhealthy(scorecard: Scorecard) -> Said:
    failed = scorecard.failed_checks
    title = {
        "sample_ratio": _("Arms are out of ratio, so nothing is judged."),
        "users_in_absent_arms": _("Users were seen in absent arms, so nothing is judged."),
        "users_in_two_variants": _("Users were seen in two variants, so nothing is judged."),
        "other_experiments": _("Another experiment is mixed into this one, so nothing is judged."),
    }.get(failed[0].name, _("A health check failed, so nothing is judged."))
    # The detail without the words that the title has said already.
    why = " ".join(check.detail.removeprefix(f"{title.rstrip('.')}: ") for check in failed)
    return Said(title, why, WHERE_TO_LOOK.get(failed[0].name, ""))


def _harmed(scorecard: Scorecard) -> Said:
    decision = scorecard.decision
    metric = scorecard.metric(decision.headline.metric)
    values = {v.variant: formats.value(v.value, metric.format) for v in metric.values}
    became = f"{values[decision.variant]} against {values[scorecard.control]}"
    return Said(
        f"Roll back {decision.variant}. It harms {words.about(decision.headline)}: {became}.",
        _("A guardrail shows harm by the always-valid test, so it may be acted upon at any look."),
    )


def _open(scorecard: Scorecard) -> Said:
    """Keep running, or inconclusive: more data may decide, or all that was planned is there."""
    decision, headline = scorecard.decision, scorecard.decision.headline
    waiting = decision.state == "keep_running"
    word = _("Keep it running.") if waiting else "Inconclusive."
    advice = "" if waiting else A_PERSON_DECIDES
    if decision.rule == "one_look_not_due":
        come = f"Judged once, when all {scorecard.tuning:,.0f} planned users have come"
        return Said(_("Keep it running until the planned users have come."), f"{come}.")
    if decision.rule != "nothing_shown":
        return Said(f"{word} Nothing can be decided yet.", f"{decision.because}.", advice)
    if headline.effect is None:
        return Said(word, _("No arm can be told from the control."), advice)
    shows = f"{decision.variant} shows {formats.signed(headline.effect, 'percent')}"
    return Said(
        f"{word} {shows} on {words.about(headline)}.",
        _why_open(scorecard, headline),
        advice,
    )


def _why_open(scorecard: Scorecard, headline: Headline) -> str:
    interval = f"{words.interval_name(scorecard)} {_ends(headline)},"
    planned = f" All {scorecard.tuning:,.0f} planned users have come."
    tail = planned if scorecard.decision.state == "inconclusive" else ""
    if words.clear_of_zero(headline):
        against = "is clear of zero, but the guardrails or an earlier look speak against it."
        return f"Its {interval} {against}{tail}"
    return f"Its {interval} still includes zero.{tail}"


def _judged(scorecard: Scorecard, control: str) -> Said:
    headline = scorecard.decision.headline
    moved = f"{_act(scorecard, control)} {words.moves(headline)}"
    interval = f"{words.interval_name(scorecard)} {_ends(headline)} against {control},"
    rising = (headline.effect or 0) > 0
    if words.clear_of_zero(headline):
        least = words.size(headline.low if rising else headline.high)
        side = "above" if rising else "below"
        title, why = f"{moved}, and by at least {least}.", f"The {interval} lies {side} zero."
    else:
        title = f"{moved}."
        why = (
            f"An earlier look was conclusive ({formats.equals_p(headline.p_value)}), and that "
            f"stands. This look's {interval} includes zero again."
        )
    return Said(title, " ".join([why, *_others(scorecard), *_unjudged(scorecard)]))


def _act(scorecard: Scorecard, control: str) -> str:
    """What to do, and of whom the rest of the sentence speaks."""
    variant = scorecard.decision.variant
    if scorecard.decision.state == "ship":
        return f"Ship {variant}. It"
    gone = [arm.variant for arm in scorecard.arms if scorecard.is_taken_out(arm.variant)]
    if len(scorecard.arms) - len(gone) > 2:  # rolling the experiment back takes every treatment
        other = "Every arm that is left" if gone else "Every other arm"
        return f"Keep {control}. {other} is worse: {variant}, the best of them,"
    return f"Roll back {variant}. It"


def _others(scorecard: Scorecard) -> list[str]:
    """A sentence for each other treatment."""
    said = []
    metric = scorecard.metric(scorecard.decision.headline.metric)
    for comparison in metric.comparisons:
        effect = comparison.decided("relative").effect
        if comparison.variant != scorecard.decision.variant and effect is not None:
            shows = f"{comparison.variant} shows {formats.signed(effect, 'percent')}"
            gone = scorecard.is_taken_out(comparison.variant)
            said.append(
                f"{shows}{', and was taken out' if gone else _ENDINGS[comparison.reading]}."
            )
    return said


def _unjudged(scorecard: Scorecard) -> list[str]:
    """A sentence for each guardrail that is too rare to judge and came to worse than in control."""
    variant = scorecard.decision.variant
    return [
        _worth_a_look(metric, variant)
        for metric in scorecard.metrics
        if metric.role == "guardrail"
        and not all(c.floor.reached for c in metric.comparisons if c.variant == variant)
        and _came_to_worse(metric, variant)
    ]


def _came_to_worse(metric: MetricResult, variant: str) -> bool:
    values = {value.variant: value.value for value in metric.values}
    own, control = values.get(variant), metric.values[0].value
    if own is None or control is None:
        return False
    return own < control if metric.direction == "increase" else own > control


def _worth_a_look(metric: MetricResult, variant: str) -> str:
    style = words.style(metric)
    values = {value.variant: formats.value(value.value, style) for value in metric.values}
    return _("%(metric)s is not judged yet, and worth a look: %(own)s against %(control)s.") % {
        "metric": metric.name,
        "own": values[variant],
        "control": values[metric.values[0].variant],
    }


_ENDINGS = {
    "better": ", and is better too",
    "worse": ", and is worse",
    "no_call": ", which is not yet told from zero",
    "collecting": ", and is still collecting",
    "not_due": ", and is not judged yet",
    "no_answer": "",
}


def _ends(headline: Headline) -> str:
    return formats.interval(headline.low, headline.high, "percent")
