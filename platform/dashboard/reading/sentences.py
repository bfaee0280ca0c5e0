"""What each state of a decision says: a title, why, and what to do while it runs. Pure."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dashboard import formats
from dashboard.reading import words
from experiments.metrics.results import Floor, Headline, MetricResult, Scorecard, VariantComparison


class Said(NamedTuple):
    """Whole sentences, `advice` perhaps none."""

    title: str
    why: str
    advice: str = ""


WHERE_TO_LOOK = {
    "sample_ratio": lazy(
        "Look for what loses users of one arm before they are counted: errors, redirects, a cache, "
        "or bots kept out of one arm only."
    ),
    "users_in_absent_arms": lazy(
        "Look for callers that keep an old assignment, and for weights other than those in force."
    ),
    "users_in_two_variants": lazy(
        "Look for callers that send different ids for one person, or attributes that change."
    ),
    "other_experiments": lazy(
        "Look for two experiments that share a seed, or for one that serves only one arm of the "
        "other."
    ),
}
KEEP_RUNNING = lazy("Keep it running.")
A_PERSON_DECIDES = lazy("Decide by what else you know, or plan a larger experiment.")


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
        said = _("%(variant)s has %(users)s of %(needed)s users.")
        return said % {
            "variant": floor.variant,
            "users": f"{floor.users:,}",
            "needed": f"{floor.users_needed:,}",
        }
    if not floor.precision:
        said = _("Every user of %(variant)s has the same value so far.")
        return said % {"variant": floor.variant}
    done = min(floor.precision / floor.precision_needed, 0.99)
    said = _("%(variant)s has %(share)s of the precision needed.")
    return said % {"variant": floor.variant, "share": f"{done:.0%}"}


def _collecting(scorecard: Scorecard) -> Said:
    floor = scorecard.decision.headline.floor
    several = len([m for m in scorecard.metrics if m.role == "goal"]) > 1
    title = _("Collecting on %(metric)s. %(lacking)s") if several else _("Collecting. %(lacking)s")
    why = _(
        "Nothing is judged or coloured before every arm has %(users)s users and a steady enough "
        "rate: before that, chance decides."
    )
    about = words.about(scorecard.decision.headline)
    return Said(
        title % {"metric": about, "lacking": missing(floor)},
        why % {"users": f"{floor.users_needed:,}"},
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
    return Said(title, why, str(WHERE_TO_LOOK.get(failed[0].name, "")))


def _harmed(scorecard: Scorecard) -> Said:
    decision = scorecard.decision
    metric = scorecard.metric(decision.headline.metric)
    values = {v.variant: formats.value(v.value, metric.format) for v in metric.values}
    title = _("Roll back %(variant)s. It harms %(metric)s: %(value)s against %(control)s.")
    return Said(
        title
        % {
            "variant": decision.variant,
            "metric": words.about(decision.headline),
            "value": values[decision.variant],
            "control": values[scorecard.control],
        },
        _("A guardrail shows harm by the always-valid test, so it may be acted upon at any look."),
    )


def _open(scorecard: Scorecard) -> Said:
    """Keep running, or inconclusive: more data may decide, or all that was planned is there."""
    decision, headline = scorecard.decision, scorecard.decision.headline
    waiting = decision.state == "keep_running"
    word = _("Keep it running.") if waiting else _("Inconclusive.")
    advice = "" if waiting else str(A_PERSON_DECIDES)
    if decision.rule == "one_look_not_due":
        come = _("Judged once, when all %(users)s planned users have come.")
        return Said(
            _("Keep it running until the planned users have come."),
            come % {"users": f"{scorecard.tuning:,.0f}"},
        )
    if decision.rule != "nothing_shown":
        said = _("%(word)s Nothing can be decided yet.") % {"word": word}
        return Said(said, f"{decision.because}.", advice)
    if headline.effect is None:
        return Said(word, _("No arm can be told from the control."), advice)
    shows = _("%(word)s %(variant)s shows %(lift)s on %(metric)s.")
    return Said(
        shows
        % {
            "word": word,
            "variant": decision.variant,
            "lift": formats.signed(headline.effect, "percent"),
            "metric": words.about(headline),
        },
        _why_open(scorecard, headline),
        advice,
    )


def _why_open(scorecard: Scorecard, headline: Headline) -> str:
    interval = f"{words.interval_name(scorecard)} {_ends(headline)}"
    why = _("Its %(interval)s, still includes zero.")
    if words.clear_of_zero(headline):
        why = _(
            "Its %(interval)s, is clear of zero, but the guardrails or an earlier look speak "
            "against it."
        )
    said = [why % {"interval": interval}]
    if scorecard.decision.state == "inconclusive":
        come = _("All %(users)s planned users have come.")
        said.append(come % {"users": f"{scorecard.tuning:,.0f}"})
    return " ".join(said)


def _judged(scorecard: Scorecard, control: str) -> Said:
    headline = scorecard.decision.headline
    rising = (headline.effect or 0) > 0
    if words.clear_of_zero(headline):
        title = _("%(moved)s, and by at least %(least)s.")
        why = (
            _("The %(interval)s against %(control)s, lies above zero.")
            if rising
            else _("The %(interval)s against %(control)s, lies below zero.")
        )
    else:
        title = _("%(moved)s.")
        why = _(
            "An earlier look was conclusive (%(p)s), and that stands. This look's %(interval)s "
            "against %(control)s, includes zero again."
        )
    figures = {
        "moved": f"{_act(scorecard, control)} {words.moves(headline)}",
        "least": words.size(headline.low if rising else headline.high),
        "interval": f"{words.interval_name(scorecard)} {_ends(headline)}",
        "control": control,
        "p": formats.equals_p(headline.p_value),
    }
    return Said(
        title % figures, " ".join([why % figures, *_others(scorecard), *_unjudged(scorecard)])
    )


def _act(scorecard: Scorecard, control: str) -> str:
    """What to do, and of whom the rest of the sentence speaks."""
    variant = scorecard.decision.variant
    if scorecard.decision.state == "ship":
        return _("Ship %(variant)s. It") % {"variant": variant}
    gone = [arm.variant for arm in scorecard.arms if scorecard.is_taken_out(arm.variant)]
    if len(scorecard.arms) - len(gone) > 2:  # rolling the experiment back takes every treatment
        left = _(
            "Keep %(control)s. Every arm that is left is worse: %(variant)s, the best of them,"
        )
        every = _("Keep %(control)s. Every other arm is worse: %(variant)s, the best of them,")
        return (left if gone else every) % {"control": control, "variant": variant}
    return _("Roll back %(variant)s. It") % {"variant": variant}


def _others(scorecard: Scorecard) -> list[str]:
    """A sentence for each other treatment."""
    said = []
    metric = scorecard.metric(scorecard.decision.headline.metric)
    for comparison in metric.comparisons:
        effect = comparison.decided("relative").effect
        if comparison.variant != scorecard.decision.variant and effect is not None:
            gone = scorecard.is_taken_out(comparison.variant)
            shows = OTHERS["taken_out" if gone else comparison.reading]
            lift = formats.signed(effect, "percent")
            said.append(str(shows) % {"variant": comparison.variant, "lift": lift})
    return said


DOUBLED = 2.0
"""A guardrail below the floor is named when it came to so many times control's."""


def _unjudged(scorecard: Scorecard) -> list[str]:
    """A sentence for each guardrail that is too rare to judge and came to much worse than control.

    It names the two values and judges nothing: their ratio, and the test of harm at the level of
    the experiment, only keep silent what chance brings every day.
    """
    variant = scorecard.decision.variant
    return [
        _worth_a_look(metric, variant)
        for metric in scorecard.metrics
        for comparison in metric.comparisons
        if comparison.variant == variant
        and not comparison.floor.reached
        and _came_to_much_worse(metric, comparison)
    ]


def _came_to_much_worse(metric: MetricResult, comparison: VariantComparison) -> bool:
    values = {value.variant: value.value for value in metric.values}
    own, control = values.get(comparison.variant), metric.values[0].value
    if comparison.guardrail is None or own is None or control is None:
        return False
    harm = comparison.guardrail.harm.p_value
    more, less = (control, own) if metric.direction == "increase" else (own, control)
    return harm is not None and harm < 1 - comparison.confidence and more >= DOUBLED * less


def _worth_a_look(metric: MetricResult, variant: str) -> str:
    style = words.style(metric)
    values = {value.variant: formats.value(value.value, style) for value in metric.values}
    return _("%(metric)s is not judged yet, and worth a look: %(own)s against %(control)s.") % {
        "metric": metric.name,
        "own": values[variant],
        "control": values[metric.values[0].variant],
    }


OTHERS = {
    "taken_out": lazy("%(variant)s shows %(lift)s, and was taken out."),
    "better": lazy("%(variant)s shows %(lift)s, and is better too."),
    "worse": lazy("%(variant)s shows %(lift)s, and is worse."),
    "no_call": lazy("%(variant)s shows %(lift)s, which is not yet told from zero."),
    "collecting": lazy("%(variant)s shows %(lift)s, and is still collecting."),
    "not_due": lazy("%(variant)s shows %(lift)s, and is not judged yet."),
    "no_answer": lazy("%(variant)s shows %(lift)s."),
}


def _ends(headline: Headline) -> str:
    return formats.interval(headline.low, headline.high, "percent")
