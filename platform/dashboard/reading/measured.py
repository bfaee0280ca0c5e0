"""How an experiment is measured, as facts in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

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
class Named:
    """A metric within a fact, and what is said of it there."""

    key: str
    name: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line: what it is about, what was chosen, and which word of the glossary explains it.

    Where it names metrics, `text` is those with `rest` behind them.
    """

    name: str
    text: str
    term: str = ""
    metrics: tuple[Named, ...] = field(default=(), compare=False)
    rest: str = field(default="", compare=False)


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
    told = (*_of_metrics(measurement, metrics), *_of_statistics(measurement))
    return tuple(replace(fact, term=_term(fact.name, measurement)) for fact in told if fact.text)


def _term(name: str, measured: Measurement) -> str:
    if name == "Method":
        return "sequential" if measured.method == "sequential" else "fixed-horizon"
    if name == "Days before" and measured.cuped:
        return "cuped"
    return TERMS.get(name, "")


def _of_metrics(measured: Measurement, metrics: Mapping[str, Metric]) -> Iterator[Fact]:
    def named(keys: Iterable[str]) -> tuple[Named, ...]:
        return tuple(Named(key=key, name=metrics[key].name) for key in keys)

    yield _listing("Goal" if len(measured.goals) == 1 else "Goals", named(measured.goals))
    yield _listing("Secondaries", named(measured.secondaries))
    guarded = tuple(
        Named(
            key=guard.metric,
            name=metrics[guard.metric].name,
            note=f", margin {formats.share(guard.margin)}",
        )
        for guard in measured.guardrails
    )
    yield _listing("Guardrails", guarded)
    tracked = measured.tracked(metrics)
    yield _listing("Always shown", named(_unchosen(tracked, measured, "secondary")))
    margin = formats.share(WATCHED_MARGIN)
    rest = f", margin {margin}; no winner waits for them"
    yield _listing("Watched", named(_unchosen(tracked, measured, "guardrail")), rest)


def _of_statistics(measured: Measurement) -> Iterator[Fact]:
    yield Fact(name="Method", text=METHODS[measured.method])
    planned = f"{measured.planned_users:,} in control and a treatment together"
    yield Fact(name="Planned users", text=planned)
    yield Fact(name="Confidence", text=formats.share(measured.confidence))
    yield Fact(name="Correction", text=CORRECTIONS[measured.correction])
    yield Fact(name="Days before", text=_before(measured))
    yield Fact(name="Segments", text=", ".join(measured.segments))
    yield Fact(name="Training data", text=TRAINING[measured.training_data])


def _listing(name: str, metrics: tuple[Named, ...], rest: str = "") -> Fact:
    text = ", ".join(one.name + one.note for one in metrics)
    return Fact(name=name, text=text and text + rest, metrics=metrics, rest=rest)


def _unchosen(tracked: tuple[Tracked, ...], measured: Measurement, role: str) -> tuple[str, ...]:
    return tuple(
        each.metric.key
        for each in tracked
        if each.role == role and each.metric.key not in measured.chosen
    )


def _before(measured: Measurement) -> str:
    if not measured.lookback_days:
        return ""
    days = formats.plural(measured.lookback_days, "day")
    return f"{days}, adjusted by CUPED" if measured.cuped else f"{days}, to check the arms"
