"""Quiet notes beside the numbers of a scorecard: what was waited for, cut off, adjusted. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard import formats
from dashboard.reading import words
from experiments.metrics.results import MetricResult, Scorecard, VariantComparison


def metric_notes(scorecard: Scorecard, metric: MetricResult) -> tuple[str, ...]:
    """What applies to the metric, in half sentences; often nothing."""
    return tuple(note for note in (_immature(metric), _caps(metric)) if note) + _weights(
        scorecard, metric
    )


def card_notes(scorecard: Scorecard) -> tuple[str, ...]:
    """What applies to every metric, in sentences; often nothing."""
    said = []
    if scorecard.cuped:
        days = scorecard.lookback_days
        told = ngettext(
            "Adjusted by CUPED with the %(days)s day before first exposure.",
            "Adjusted by CUPED with the %(days)s days before first exposure.",
            1 if days == 1 else 2,
        )
        said.append(told % {"days": f"{days:g}"})
    if len(scorecard.phases) > 1:
        several = _(
            "%(several)s phases, each compared within itself and combined: the more precise counts "
            "more."
        )
        said.append(several % {"several": words.capital(words.counted(len(scorecard.phases)))})
    return (*said, *absences(scorecard))


def absences(scorecard: Scorecard) -> tuple[str, ...]:
    """A sentence about each treatment that was not in every phase."""
    treatments = (arm.variant for arm in scorecard.arms if arm.variant != scorecard.control)
    return tuple(said for variant in treatments if (said := _absence(scorecard, variant)))


def _absence(scorecard: Scorecard, variant: str) -> str:
    own = scorecard.phases_of(variant)
    if len(own) == len(scorecard.phases):
        return ""
    phases = _phases([phase.number for phase in own])
    if not scorecard.is_taken_out(variant):
        told = _(
            "%(variant)s takes users in %(phases)s only, and is compared with the control of then."
        )
        return told % {"variant": variant, "phases": phases}
    since = next(p.number for p in scorecard.phases if p.number > own[-1].number)
    told = _(
        "%(variant)s was taken out in phase %(since)s: compared is what was seen in %(phases)s."
    )
    return told % {"variant": variant, "since": since, "phases": phases}


def phase_words(scorecard: Scorecard) -> str:
    """The phases that were analysed: `phase 2`, `phases 1 and 2`, `phases 1 to 4`."""
    return _phases([phase.number for phase in scorecard.phases] or [scorecard.phase])


def _phases(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return _("phase %(number)s") % {"number": numbers[0]}
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return _("phases %(first)s to %(last)s") % {"first": numbers[0], "last": numbers[-1]}
    return _("phases %(numbers)s") % {"numbers": words.listed([str(n) for n in numbers])}


def _immature(metric: MetricResult) -> str:
    waiting = sum(metric.immature)
    if not waiting:
        return ""
    said = ngettext(
        "%(count)s user not in: window not passed",
        "%(count)s users not in: window not passed",
        waiting,
    )
    return said % {"count": f"{waiting:,}"}


def _caps(metric: MetricResult) -> str:
    """One figure, or of a ratio both in the order of its kind line."""
    if all(cap is None for cap in metric.caps):
        return ""
    styles = (words.style(metric) if metric.currency else "number", "number")
    said = (_cap(cap, style) for cap, style in zip(metric.caps, styles, strict=False))
    return _("capped at %(caps)s per user") % {"caps": " / ".join(said)}


def _cap(cap: float | None, style: str) -> str:
    if style == "number" and cap is not None and cap.is_integer():
        return formats.number(cap)
    return formats.value(cap, style)


def _weights(scorecard: Scorecard, metric: MetricResult) -> tuple[str, ...]:
    """What each phase counts for: one note for all treatments where they agree."""
    if len(scorecard.phases) < 2:
        return ()
    said = {c.variant: _weighed(scorecard, metric, c) for c in metric.comparisons}
    if len(set(said.values())) == 1:
        return tuple(set(said.values()) - {""})
    return tuple(f"{variant}: {note}" for variant, note in said.items() if note)


def _weighed(scorecard: Scorecard, metric: MetricResult, comparison: VariantComparison) -> str:
    """Of phases that are left out their numbers, of the others their shares in order of time; and
    what the control came to in the phases of a treatment that was not in all.
    """
    weights = comparison.phase_weights
    counted = [formats.percent(weight, 0) for weight in weights if weight is not None]
    if not counted:
        return ""
    reasons = comparison.left_out or (None,) * len(weights)
    said = [
        (
            _("not in phase %(number)s")
            if reason == "not_in_phase"
            else _("phase %(number)s left out")
        )
        % {"number": phase.number}
        for phase, weight, reason in zip(scorecard.phases, weights, reasons, strict=True)
        if weight is None
    ]
    if len(counted) > 1:
        said.append(_("phases count %(shares)s") % {"shares": words.listed(counted)})
    if comparison.against is not None:
        control = formats.value(comparison.against.value, words.style(metric))
        told = _("against %(value)s of %(control)s then")
        said.append(told % {"value": control, "control": scorecard.control})
    return ", ".join(said)
