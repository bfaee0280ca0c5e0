"""How an address of a page or of the API asks to see the scorecard, and how it says that again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from msgspec.structs import replace

from experiments.metrics.exploring.choices import (
    SAID,
    Choice,
    Cut,
    cuts_of,
    refusals,
    settled,
    usual,
)
from experiments.metrics.exploring.exceptions import CannotExplore
from experiments.metrics.results import Scale, Scorecard

FIELDS = ("method", "cuped", "segment", "correction", "phase")
"""The names of the controls in an address. `scale` beside them is no exploring."""

EVERYONE, ALL_PHASES = "everyone", "all"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A choice that is to be had; `dropped` are the names of what was asked for and is not. What is
    usual and gives way to another setting is none: a form always sends all of its settings.
    """

    choice: Choice
    scale: Scale
    dropped: tuple[str, ...] = ()


def asked_of(given: Mapping[str, str], card: Scorecard, *, kept: bool) -> Asked:
    """What an address asks for; what it does not name is as usual, as all is without samples."""
    was = usual(card)
    choice = settled(card, _wished(given, card)) if kept else was
    dropped = [n for n in _unmet(given, card, choice) if given[n] != written(card, was, n)]
    if given.get("scale", "relative") not in get_args(Scale):
        dropped.append("scale")
    return Asked(choice=choice, scale=scale_of(given), dropped=tuple(dropped))


def insisted(given: Mapping[str, str], card: Scorecard, *, kept: bool) -> Asked:
    """As `asked_of`, for a caller that wants just that. Raises CannotExplore, which names the
    control and says why it is not to be had.
    """
    asked = asked_of(given, card, kept=kept)
    for name in _unmet(given, card, asked.choice):
        raise CannotExplore(name, _why_not(given, card, name, kept=kept))
    return asked


def _unmet(given: Mapping[str, str], card: Scorecard, choice: Choice) -> tuple[str, ...]:
    """The names of what was given that the choice does not have, or that nobody knows."""
    asked = [name for name in FIELDS if name in given]
    return tuple(name for name in asked if given[name] != written(card, choice, name))


def _wished(given: Mapping[str, str], card: Scorecard) -> Choice:
    known = {name: values_of(card, name) for name in FIELDS if name in given}
    named = {_field(n): v[given[n]] for n, v in known.items() if given[n] in v}
    return replace(usual(card), **named)


def _why_not(given: Mapping[str, str], card: Scorecard, name: str, *, kept: bool) -> str:
    allowed = values_of(card, name)
    if given[name] not in allowed:
        return f"must be one of {', '.join(allowed)}"
    refused = dict(refusals(card, _wished(given, card))).get(_field(name))
    return SAID[refused if kept and refused else "no_samples"]


def scale_of(given: Mapping[str, str]) -> Scale:
    return "absolute" if given.get("scale") == "absolute" else "relative"


def values_of(card: Scorecard, name: str) -> dict[str, Any]:
    """The values of a control, by what stands for them in an address."""
    known: dict[str, dict[str, Any]] = {
        "method": {method: method for method in ("sequential", "fixed", "bayesian")},
        "cuped": {"off": False, "on": True},
        "segment": {EVERYONE: None} | {token(cut): cut for cut in cuts_of(card)},
        "correction": {name: name for name in ("none", "holm", "e_bh")},
        "phase": {ALL_PHASES: None} | {str(p.number): p.number for p in card.phases},
    }
    return known[name]


def token(cut: Cut) -> str:
    """A segment in an address: `platform=ios`, without the attribute `platform?`, rarer ones
    `platform*`.
    """
    if cut.rest:
        return f"{cut.attribute}*"
    return f"{cut.attribute}?" if cut.value is None else f"{cut.attribute}={cut.value}"


def query_of(asked: Asked, card: Scorecard) -> str:
    """The shortest query of an address that asks for it: empty for what decides, relative."""
    was = usual(card)
    said = {
        name: written(card, asked.choice, name)
        for name in FIELDS
        if _get(asked.choice, name) != _get(was, name) and not _follows(card, asked.choice, name)
    }
    scale = {"scale": "absolute"} if asked.scale == "absolute" else {}
    return urlencode(scale | said)


def _follows(card: Scorecard, choice: Choice, name: str) -> bool:
    """Whether it is as it is for the other settings' sake, as no correction is of a posterior."""
    unsaid = replace(choice, **{_field(name): _get(usual(card), name)})
    return settled(card, unsaid) == choice


def written(card: Scorecard, choice: Choice, name: str) -> str:
    """What stands in an address for the value of a control."""
    wanted = _get(choice, name)
    return next(text for text, value in values_of(card, name).items() if value == wanted)


def _field(name: str) -> str:
    return "cut" if name == "segment" else name


def _get(choice: Choice, name: str) -> object:
    return getattr(choice, _field(name))
