"""How an experiment is measured, as facts in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboard import formats
from experiments.measurement import WATCHED_MARGIN, Measurement
from experiments.metrics import Metric, Tracked

METHODS = {
    "sequential": "Sequential: judged at every look",
    "fixed": "Fixed horizon: judged once, at the planned users",
    "bayesian": "Bayesian: judged once, at the planned users",
}
CORRECTIONS = {"holm": "Holm", "e_bh": "e-BH", "none": "none"}
TRAINING = {
    "own_arm": "Own arm: each learns from its own clicks",
    "frozen": "Frozen while it runs",
    "shared": "Shared: nothing is decided automatically",
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line: what it is about, what was chosen, and which word of the glossary explains it."""

    name: str
    text: str
    term: str = ""


TERMS = {
    "Guardrails": "guardrail",
    "Watched": "guardrail",
    "Planned users": "planned-users",
    "Confidence": "confidence",
    "Correction": "correction",
    "Segments": "segment",
}
"""The words of the glossary among the names of facts."""


def facts(measurement: Measurement, metrics: Mapping[str, Metric]) -> tuple[Fact, ...]:
    """What was chosen, and what is shown and watched unchosen; `metrics` has all of
    `measurement.needed`.
    """
    return tuple(
        Fact(name=name, text=text, term=_term(name, measurement))
        for name, text in _facts(measurement, metrics)
        if text
    )


def _term(name: str, measured: Measurement) -> str:
    if name == "Method":
        return "sequential" if measured.method == "sequential" else "fixed-horizon"
    if name == "Days before" and measured.cuped:
        return "cuped"
    return TERMS.get(name, "")


def _facts(measured: Measurement, metrics: Mapping[str, Metric]) -> Iterator[tuple[str, str]]:
    def names(keys: tuple[str, ...]) -> str:
        return ", ".join(metrics[key].name for key in keys)

    yield "Goal" if len(measured.goals) == 1 else "Goals", names(measured.goals)
    yield "Secondaries", names(measured.secondaries)
    yield (
        "Guardrails",
        ", ".join(
            f"{metrics[guard.metric].name}, margin {formats.share(guard.margin)}"
            for guard in measured.guardrails
        ),
    )
    tracked = measured.tracked(metrics)
    yield "Always shown", ", ".join(_unchosen(tracked, measured, "secondary"))
    yield "Watched", _watched(tracked, measured)
    yield "Method", METHODS[measured.method]
    yield "Planned users", f"{measured.planned_users:,} in control and a treatment together"
    yield "Confidence", formats.share(measured.confidence)
    yield "Correction", CORRECTIONS[measured.correction]
    yield "Days before", _before(measured)
    yield "Segments", ", ".join(measured.segments)
    yield "Training data", TRAINING[measured.training_data]


def _unchosen(tracked: tuple[Tracked, ...], measured: Measurement, role: str) -> tuple[str, ...]:
    return tuple(
        each.metric.name
        for each in tracked
        if each.role == role and each.metric.key not in measured.chosen
    )


def _watched(tracked: tuple[Tracked, ...], measured: Measurement) -> str:
    names = _unchosen(tracked, measured, "guardrail")
    margin = formats.share(WATCHED_MARGIN)
    return f"{', '.join(names)}, margin {margin}; no winner waits for them" if names else ""


def _before(measured: Measurement) -> str:
    if not measured.lookback_days:
        return ""
    days = formats.plural(measured.lookback_days, "day")
    return f"{days}, adjusted by CUPED" if measured.cuped else f"{days}, to check the arms"
