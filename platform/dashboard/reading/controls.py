"""The controls above the scorecard: what each offers, and why not the rest. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dashboard.reading import words
from experiments.metrics.exploring import Cut, looks_count, offered, usual
from experiments.metrics.exploring.asking import FIELDS, Asked, query_of, values_of, written
from experiments.metrics.results import Scorecard

LABELS = {
    "method": gettext_lazy("Method"),
    "cuped": gettext_lazy("CUPED"),
    "segment": gettext_lazy("Segment"),
    "correction": gettext_lazy("Correction"),
    "phase": gettext_lazy("Phase"),
}
NAMES = {
    "sequential": gettext_lazy("Sequential"),
    "fixed": gettext_lazy("Fixed"),
    "bayesian": gettext_lazy("Bayesian"),
    "none": gettext_lazy("None"),
    "holm": gettext_lazy("Holm"),
    "e_bh": gettext_lazy("e-BH"),
    "on": gettext_lazy("On"),
    "off": gettext_lazy("Off"),
    "everyone": gettext_lazy("Everyone"),
    "all": gettext_lazy("All, combined"),
}
WHY_NOT = {
    "no_samples": gettext_lazy(
        "This snapshot keeps no samples to compare otherwise. The next analysis does."
    ),
    "no_pre_period": gettext_lazy(
        "CUPED needs days before the first exposure, and this experiment counts none. "
        "Give Days before, in the step Measurement, before the next start."
    ),
    "several_phases": gettext_lazy("A posterior is of one phase: choose a phase to see it."),
    "posterior_alone": gettext_lazy("A posterior is not corrected for several comparisons."),
    "one_comparison": gettext_lazy("There is one comparison, so nothing to correct."),
    "needs_sequential": gettext_lazy("e-BH takes the e-values of the sequential method."),
}
"""Why an option is not to be had; the codes are experiments.metrics.exploring.Refusal."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One value. `decides` marks the usual one; `why_not` is empty where it may be chosen."""

    value: str
    name: str
    chosen: bool
    decides: bool
    why_not: str


@dataclass(frozen=True, kw_only=True)
class Control:
    name: str
    label: str
    options: tuple[Option, ...]

    @property
    def why_alone(self) -> str:
        """Why there is a single option, where something can be done about it next time."""
        alone = self.name == "segment" and len(self.options) == 1
        return _("Segment: no attribute was named before the start.") if alone else ""

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return sum(not option.why_not for option in self.options) < 2


@dataclass(frozen=True, kw_only=True)
class Controls:
    """`query` asks for what is shown. While `exploring`, `decides` says in words what decides;
    `dropped` says what was asked for in vain. `one_look` is whether each p is of this look, where
    those that decide are the least of all looks so far.
    """

    by_name: dict[str, Control]
    scale: str
    query: str
    exploring: bool
    decides: str
    why_not: tuple[str, ...]
    dropped: str
    one_look: bool = False


def controls_of(card: Scorecard, asked: Asked, *, kept: bool) -> Controls:
    """Those of a scorecard, which is the one that decides."""
    by_name = {name: _control(card, asked, name, kept=kept) for name in FIELDS}
    refused = [o.why_not for c in by_name.values() for o in c.options if o.why_not]
    alone = [c.why_alone for c in by_name.values() if c.why_alone]
    return Controls(
        by_name=by_name,
        scale=asked.scale,
        query=query_of(asked, card),
        exploring=asked.choice != usual(card),
        decides=words.listed(list(_deciding(by_name))),
        why_not=tuple(dict.fromkeys([*refused, *alone])),
        dropped=_dropped([_within(name) for name in asked.dropped]),
        one_look=asked.choice.method == "sequential" and not looks_count(card, asked.choice),
    )


def _within(name: str) -> str:
    """The name of a control within a sentence."""
    return _("scale") if name == "scale" else str(LABELS[name]).lower()


def _dropped(names: list[str]) -> str:
    if not names:
        return ""
    said = ngettext(
        "The address asks for a %(names)s that is not to be had here; "
        "shown is the nearest that is.",
        "The address asks for settings that are not to be had here: %(names)s; "
        "shown are the nearest that are.",
        len(names),
    )
    return said % {"names": words.listed(names)}


def _control(card: Scorecard, asked: Asked, name: str, *, kept: bool) -> Control:
    field = "cut" if name == "segment" else name
    offers = {offer.value: offer.refused for offer in offered(card, asked.choice, field)}
    now, was = (written(card, choice, name) for choice in (asked.choice, usual(card)))
    return Control(
        name=name,
        label=str(LABELS[name]),
        options=tuple(
            Option(
                value=text,
                name=_name(text, value),
                chosen=text == now,
                decides=text == was,
                why_not=_why_not(offers[value], text == was, kept=kept),
            )
            for text, value in values_of(card, name).items()
        ),
    )


def _why_not(refused: str | None, usual_one: bool, *, kept: bool) -> str:
    if refused is None and not kept and not usual_one:
        refused = "no_samples"
    return str(WHY_NOT[refused]) if refused else ""


def _name(text: str, value: object) -> str:
    if isinstance(value, Cut):
        if value.rest:
            return _("%(attribute)s: all rarer values") % {"attribute": value.attribute}
        named = _("not given") if value.value is None else value.value or _("empty")
        return f"{value.attribute}: {named}"
    return str(NAMES.get(text, text))


def _deciding(by_name: dict[str, Control]) -> Iterator[str]:
    for name, control in by_name.items():
        was = next(option for option in control.options if option.decides)
        if name == "cuped":
            yield _("CUPED") if was.value == "on" else _("no CUPED")
        elif name == "correction":
            yield _("no correction") if was.value == "none" else was.name
        elif name == "phase":
            yield _("all phases")
        else:
            yield was.name if name != "segment" else was.name.lower()
