"""How an experiment is measured, as facts in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dashboard import formats
from experiments.measurement import WATCHED_MARGIN, Measurement
from experiments.metrics import Metric, Tracked

METHODS = {
    "sequential": gettext_lazy("Sequential: judged at every look"),
    "fixed": gettext_lazy("Fixed horizon: judged once, at the planned users"),
    "bayesian": gettext_lazy("Bayesian: judged once, at the planned users"),
}
CORRECTIONS = {"holm": "Holm", "e_bh": "e-BH", "none": gettext_lazy("none")}
TRAINING = {
    "own_arm": gettext_lazy("Own arm: each learns from its own clicks"),
    "frozen": gettext_lazy("Frozen while it runs"),
    "shared": gettext_lazy("Shared: nothing is decided automatically"),
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


def facts(measurement: Measurement, metrics: Mapping[str, Metric]) -> tuple[Fact, ...]:
    """What was chosen, and what is shown and watched unchosen; `metrics` has all of
    `measurement.needed`.
    """
    told = (*_of_metrics(measurement, metrics), *_of_statistics(measurement))
    return tuple(fact for fact in told if fact.text)


def _of_metrics(measured: Measurement, metrics: Mapping[str, Metric]) -> Iterator[Fact]:
    def named(keys: Iterable[str]) -> tuple[Named, ...]:
        return tuple(Named(key=key, name=metrics[key].name) for key in keys)

    yield _listing(ngettext("Goal", "Goals", len(measured.goals)), named(measured.goals))
    yield _listing(_("Secondaries"), named(measured.secondaries))
    guarded = tuple(
        Named(
            key=guard.metric,
            name=metrics[guard.metric].name,
            note=_(", margin %(margin)s") % {"margin": formats.share(guard.margin)},
        )
        for guard in measured.guardrails
    )
    yield _listing(_("Guardrails"), guarded, term="guardrail")
    tracked = measured.tracked(metrics)
    yield _listing(_("Always shown"), named(_unchosen(tracked, measured, "secondary")))
    margin = formats.share(WATCHED_MARGIN)
    rest = _(", margin %(margin)s; no winner waits for them") % {"margin": margin}
    watched = named(_unchosen(tracked, measured, "guardrail"))
    yield _listing(_("Watched"), watched, rest, term="guardrail")


def _of_statistics(measured: Measurement) -> Iterator[Fact]:
    method = "sequential" if measured.method == "sequential" else "fixed-horizon"
    yield Fact(name=_("Method"), text=str(METHODS[measured.method]), term=method)
    planned = _("%(users)s in control and a treatment together")
    users = planned % {"users": f"{measured.planned_users:,}"}
    yield Fact(name=_("Planned users"), text=users, term="planned-users")
    sure = formats.share(measured.confidence)
    yield Fact(name=_("Confidence"), text=sure, term="confidence")
    correction = str(CORRECTIONS[measured.correction])
    yield Fact(name=_("Correction"), text=correction, term="correction")
    cuped = "cuped" if measured.cuped else ""
    yield Fact(name=_("Days before"), text=_before(measured), term=cuped)
    yield Fact(name=_("Segments"), text=", ".join(measured.segments), term="segment")
    yield Fact(name=_("Training data"), text=str(TRAINING[measured.training_data]))


def _listing(name: str, metrics: tuple[Named, ...], rest: str = "", *, term: str = "") -> Fact:
    text = ", ".join(one.name + one.note for one in metrics)
    return Fact(name=name, text=text and text + rest, metrics=metrics, rest=rest, term=term)


def _unchosen(tracked: tuple[Tracked, ...], measured: Measurement, role: str) -> tuple[str, ...]:
    return tuple(
        each.metric.key
        for each in tracked
        if each.role == role and each.metric.key not in measured.chosen
    )


def _before(measured: Measurement) -> str:
    if not measured.lookback_days:
        return ""
    n = measured.lookback_days
    if measured.cuped:
        said = ngettext("%(n)d day, adjusted by CUPED", "%(n)d days, adjusted by CUPED", n)
    else:
        said = ngettext("%(n)d day, to check the arms", "%(n)d days, to check the arms", n)
    return said % {"n": n}
