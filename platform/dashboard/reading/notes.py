"""Quiet notes beside the numbers of a scorecard: what was waited for, cut off, adjusted. Pure."""

from __future__ import annotations

from collections.abc import Sequence

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
        unit = "day" if scorecard.lookback_days == 1 else "days"
        said.append(
            f"Adjusted by CUPED with the {scorecard.lookback_days:g} {unit} before first exposure."
        )
    if len(scorecard.phases) > 1:
        several = words.counted(len(scorecard.phases)).capitalize()
        said.append(
            f"{several} phases, each compared within itself and combined: the more precise counts "
            "more."
        )
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
        return f"{variant} takes users in {phases} only, and is compared with the control of then."
    since = next(p.number for p in scorecard.phases if p.number > own[-1].number)
    return f"{variant} was taken out in phase {since}: compared is what was seen in {phases}."


def phase_words(scorecard: Scorecard) -> str:
    """The phases that were analysed: `phase 2`, `phases 1 and 2`, `phases 1 to 4`."""
    return _phases([phase.number for phase in scorecard.phases] or [scorecard.phase])


def _phases(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"phase {numbers[0]}"
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"phases {numbers[0]} to {numbers[-1]}"
    return f"phases {words.listed([str(number) for number in numbers])}"


def _immature(metric: MetricResult) -> str:
    waiting = sum(metric.immature)
    return f"{formats.plural(waiting, 'user')} not in: window not passed" if waiting else ""


def _caps(metric: MetricResult) -> str:
    """One figure, or of a ratio both in the order of its kind line."""
    if all(cap is None for cap in metric.caps):
        return ""
    styles = (words.style(metric) if metric.currency else "number", "number")
    said = (_cap(cap, style) for cap, style in zip(metric.caps, styles, strict=False))
    return f"capped at {' / '.join(said)} per user"


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
        f"not in phase {phase.number}"
        if reason == "not_in_phase"
        else f"phase {phase.number} left out"
        for phase, weight, reason in zip(scorecard.phases, weights, reasons, strict=True)
        if weight is None
    ]
    if len(counted) > 1:
        said.append(f"phases count {words.listed(counted)}")
    if comparison.against is not None:
        control = formats.value(comparison.against.value, words.style(metric))
        said.append(f"against {control} of {scorecard.control} then")
    return ", ".join(said)
