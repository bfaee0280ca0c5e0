"""A comparison as one row of the scorecard's table. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from dashboard.reading.bars import Bar, Tone, bar
from dashboard.reading.scale import Scale
from experiments.metrics import results
from experiments.metrics.results import (
    ComparisonResult,
    Floor,
    Guardrail,
    MetricResult,
    Scorecard,
    VariantComparison,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one comparison says: a word, an icon beside it, a tone, and why in a sentence."""

    word: str | Promise
    icon: str
    tone: Tone
    why: str | Promise = ""


READINGS = {
    "better": Reading(word=lazy("Better"), icon="up", tone="better"),
    "worse": Reading(word=lazy("Worse"), icon="down", tone="worse"),
    "no_call": Reading(word=lazy("No call yet"), icon="wait", tone="flat"),
    "collecting": Reading(word=lazy("Collecting"), icon="collecting", tone="flat"),
    "not_due": Reading(
        word=lazy("Not due yet"),
        icon="wait",
        tone="flat",
        why=lazy("A method of one look is judged once, when the planned users have come."),
    ),
    "no_answer": Reading(word=lazy("No answer"), icon="info", tone="flat"),
}
NOT_JUDGED = Reading(
    word=lazy("Not judged"),
    icon="warn",
    tone="flat",
    why=lazy("The experiment is unhealthy, so nothing on it is judged."),
)
TAKEN_OUT = Reading(
    word=lazy("Taken out"),
    icon="stopped",
    tone="flat",
    why=lazy("It takes no users any more, so nothing more will be known of it."),
)
OPEN = ("no_call", "collecting", "not_due", "safety_not_yet_shown")
"""Readings and states of guardrails that more users may change."""
GUARDED: dict[str, tuple[str, Tone]] = {
    "safe": ("check", "better"),
    "harm_shown": ("down", "worse"),
    "safety_not_yet_shown": ("wait", "flat"),
    "unchanged": ("check", "flat"),
    "collecting": ("collecting", "flat"),
    "no_answer": ("info", "flat"),
}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the arm that lacks most is from the floor: `percent` 0..100, and in words."""

    percent: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A treatment on a metric. While collecting there is a progress, and neither lift nor bar.

    `p` is a p-value; of the bayesian method the chance to win, and `loss` what is lost on average
    where the treatment is chosen.
    """

    arm: ArmView
    value: str
    lift: str
    interval: str
    bar: Bar | None
    scale: Scale
    progress: Progress | None
    p: str
    p_note: str
    reading: Reading
    loss: str = ""


def row(
    scorecard: Scorecard,
    metric: MetricResult,
    comparison: VariantComparison,
    *,
    arm: ArmView,
    scale: results.Scale,
    drawn: Scale,
    decides: bool = True,
) -> Row:
    """What does not decide is said in the same words and without their colour."""
    decided = comparison.decided(scale)
    gone = scorecard.is_taken_out(comparison.variant)
    reading = _reading(comparison, decided.reason, judged=not scorecard.failed_checks, gone=gone)
    reading = reading if decides else replace(reading, tone="flat")
    values = {value.variant: value.value for value in metric.values}
    unit = words.unit(metric, scale)
    shown = comparison.floor.reached
    settled = comparison.guardrail is not None and comparison.guardrail.state in (
        "unchanged",
        "harm_shown",
    )
    return Row(
        arm=arm,
        value=formats.value(values.get(comparison.variant), words.style(metric)),
        lift=formats.signed(decided.effect, unit) if shown else formats.DASH,
        interval=formats.interval(decided.low, decided.high, unit) if shown else formats.DASH,
        bar=bar(
            decided,
            core(scorecard, comparison, scale),
            scale=drawn,
            tone=reading.tone,
            margin=margin_of(metric, comparison, scale),
        )
        if shown
        else None,
        scale=drawn,
        progress=None if shown or settled or gone else progress(comparison.floor, arm),
        p=_p(metric, comparison, decided) if shown else formats.DASH,
        p_note=_p_note(comparison, scorecard.method) if shown else "",
        reading=reading,
        loss=_loss(metric, decided, unit) if shown else "",
    )


def core(
    scorecard: Scorecard, comparison: VariantComparison, scale: results.Scale
) -> ComparisonResult:
    """What the thick part of a bar shows: one look, which of other methods is all there is."""
    if scorecard.method != "sequential":
        return comparison.decided(scale)
    return comparison.result("fixed", scale, cuped=scorecard.cuped)


def margin_of(
    metric: MetricResult, comparison: VariantComparison, scale: results.Scale
) -> float | None:
    """Where a guardrail's margin lies. It is a relative one, and has no place on another scale."""
    if comparison.guardrail is None or scale != "relative":
        return None
    margin = comparison.guardrail.margin
    return -margin if metric.direction == "increase" else margin


def _reading(
    comparison: VariantComparison, reason: str | None, *, judged: bool, gone: bool
) -> Reading:
    if not judged:
        return NOT_JUDGED
    guarded = comparison.guardrail
    if gone and (guarded.state if guarded else comparison.reading) in OPEN:
        return TAKEN_OUT
    if comparison.guardrail is not None:
        icon, tone = GUARDED[comparison.guardrail.state]
        word = words.GUARDED[comparison.guardrail.state]
        return Reading(word=word, icon=icon, tone=tone, why=_guarded(comparison.guardrail))
    reading = READINGS[comparison.reading]
    why = words.reason_words(reason) if comparison.reading == "no_answer" else reading.why
    return Reading(word=reading.word, icon=reading.icon, tone=reading.tone, why=why)


def _guarded(guardrail: Guardrail) -> str:
    said = _("No worse by %(margin)s: %(safety)s. Worse at all: %(harm)s.")
    return said % {
        "margin": formats.share(guardrail.margin),
        "safety": formats.equals_p(guardrail.safety.p_value),
        "harm": formats.equals_p(guardrail.harm.p_value),
    }


def _p(metric: MetricResult, comparison: VariantComparison, decided: ComparisonResult) -> str:
    if decided.method == "bayesian":
        chance = decided.chance_to_win
        if chance is not None and metric.direction == "decrease":
            chance = 1 - chance
        return formats.chance(chance)
    if comparison.guardrail is not None:
        return formats.p_value(comparison.guardrail.safety.p_value)
    return formats.p_value(comparison.adjusted_p_value)


def _loss(metric: MetricResult, decided: ComparisonResult, unit: formats.Unit) -> str:
    """Of a posterior: its mean loss, without a sign. Where less is better a loss is a rise."""
    lost = decided.expected_loss
    if lost is not None and decided.effect is not None and metric.direction == "decrease":
        lost = decided.effect + lost
    return "" if lost is None else formats.loss(lost, unit)


def _p_note(comparison: VariantComparison, method: results.Method) -> str:
    if comparison.guardrail is not None and method == "bayesian":
        safety = formats.equals_p(comparison.guardrail.safety.p_value)
        return _("Safe or not is told by the always-valid test: %(p)s.") % {"p": safety}
    if comparison.guardrail is not None:
        return _("That it is not worse by the margin.")
    if comparison.p_value == comparison.adjusted_p_value:
        return ""
    said = _("Corrected for the number of comparisons. Alone: %(p)s.")
    return said % {"p": formats.equals_p(comparison.p_value)}


def progress(floor: Floor, arm: ArmView) -> Progress:
    """What is missing until a comparison is judged: users first, then a steady enough rate."""
    if floor.users_missing:
        done = floor.users / floor.users_needed
        text = _("%(users)s of %(needed)s users")
        text %= {"users": f"{floor.users:,}", "needed": f"{floor.users_needed:,}"}
    elif not floor.precision:
        done, text = 0.0, _("every user has the same value so far")
    else:
        done = floor.precision / floor.precision_needed
        text = _("%(share)s of the precision needed") % {"share": f"{min(done, 0.99):.0%}"}
    if floor.variant != arm.key:
        text = _("%(progress)s in %(variant)s") % {"progress": text, "variant": floor.variant}
    return Progress(percent=round(min(done, 1.0) * 100, 1), text=text)
