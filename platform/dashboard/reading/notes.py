"""Quiet notes beside the numbers of a scorecard: what was waited for, cut off, adjusted. Pure."""

from __future__ import annotations

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
    return tuple(said)


def phase_words(scorecard: Scorecard) -> str:
    """The phases that were analysed: `phase 2`, `phases 1 and 2`, `phases 1 to 4`."""
    numbers = [phase.number for phase in scorecard.phases]
    if len(numbers) < 2:
        return f"phase {scorecard.phase}"
    return f"phases {numbers[0]} {'and' if len(numbers) == 2 else 'to'} {numbers[-1]}"


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
    said = {c.variant: _weighed(scorecard, c) for c in metric.comparisons}
    if len(set(said.values())) == 1:
        return tuple(set(said.values()) - {""})
    return tuple(f"{variant}: {note}" for variant, note in said.items() if note)


def _weighed(scorecard: Scorecard, comparison: VariantComparison) -> str:
    """Of phases that are left out their numbers, of the others their shares in order of time."""
    weights = comparison.phase_weights
    counted = [formats.percent(weight, 0) for weight in weights if weight is not None]
    if not counted:
        return ""
    said = [
        f"phase {phase.number} left out"
        for phase, weight in zip(scorecard.phases, weights, strict=True)
        if weight is None
    ]
    if len(counted) > 1:
        said.append(f"phases count {words.listed(counted)}")
    return ", ".join(said)
