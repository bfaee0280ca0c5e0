"""What there is to choose from when looking otherwise, and why something is not to be had."""

from collections.abc import Iterator
from typing import Literal, get_args

import msgspec

from experiments.metrics.results import Method, Scorecard
from experiments.metrics.spec import Correction

Refusal = Literal[
    "no_samples",
    "no_pre_period",
    "several_phases",
    "posterior_alone",
    "one_comparison",
    "needs_sequential",
    "no_such_phase",
    "no_such_segment",
]

SAID: dict[Refusal, str] = {
    "no_samples": "this snapshot keeps no samples; the next analysis does",
    "no_pre_period": "the experiment counts no days before first exposure",
    "several_phases": "posteriors of several phases are not combined: choose one phase",
    "posterior_alone": "a posterior is not corrected for several comparisons",
    "one_comparison": "there is one comparison alone, so nothing to correct",
    "needs_sequential": "e-BH takes the e-values of the sequential method",
    "no_such_phase": "this snapshot has no such phase",
    "no_such_segment": "this snapshot has no such segment",
}


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """Users of one value of an attribute at first exposure, None: without it. `rest` are those of
    all values rarer than those shown.
    """

    attribute: str
    value: str | None
    rest: bool = False


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """How to look: everyone without a `cut`, all phases combined without a `phase`."""

    method: Method
    cuped: bool
    correction: Correction
    phase: int | None = None
    cut: Cut | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a control, and why it is not to be had; None where it is."""

    value: object
    refused: Refusal | None


def usual(card: Scorecard) -> Choice:
    """How the scorecard decides."""
    return Choice(method=card.method, cuped=card.cuped, correction=card.correction)


def cuts_of(card: Scorecard) -> tuple[Cut, ...]:
    """The segments of the scorecard, attribute by attribute."""
    found = card.metric(card.primary).segments
    return tuple(Cut(attribute=s.attribute, value=s.value, rest=s.rest) for s in found)


def offered(card: Scorecard, choice: Choice, field: str) -> tuple[Offer, ...]:
    """Every value of a field of the choice, the others being as they are."""
    values: dict[str, tuple[object, ...]] = {
        "method": get_args(Method),
        "cuped": (False, True),
        "correction": ("none", "holm", "e_bh"),
        "phase": (None, *(phase.number for phase in card.phases)),
        "cut": (None, *cuts_of(card)),
    }
    return tuple(
        Offer(value=value, refused=dict(refusals(card, _with(choice, field, value))).get(field))
        for value in values[field]
    )


def refusals(card: Scorecard, choice: Choice) -> Iterator[tuple[str, Refusal]]:
    """What of the choice is not to be had, by field; nothing where all is."""
    combined = choice.phase is None and len(card.phases) > 1
    if choice.phase is not None and choice.phase not in [p.number for p in card.phases]:
        yield "phase", "no_such_phase"
    if choice.cut is not None and choice.cut not in cuts_of(card):
        yield "cut", "no_such_segment"
    if choice.cuped and not card.lookback_days > 0:
        yield "cuped", "no_pre_period"
    if choice.method == "bayesian" and combined:
        yield "method", "several_phases"
    if (why := _uncorrectable(card, choice)) is not None:
        yield "correction", why


def settled(card: Scorecard, choice: Choice) -> Choice:
    """The nearest choice that is to be had: what is refused becomes the usual, a correction the one
    that is left.
    """
    asked = choice
    for _ in get_args(Refusal):
        found = dict(refusals(card, asked))
        if not found:
            break
        asked = msgspec.structs.replace(
            asked, **{field: _instead(card, field, why) for field, why in found.items()}
        )
    return asked


def _instead(card: Scorecard, field: str, refused: Refusal) -> object:
    if field == "correction":
        return "holm" if refused == "needs_sequential" else "none"
    return getattr(usual(card), field)


def _uncorrectable(card: Scorecard, choice: Choice) -> Refusal | None:
    if choice.correction == "none":
        return None
    goals = sum(metric.role == "goal" for metric in card.metrics)
    if goals * len(treatments_in(card, choice.phase)) == 1:
        return "one_comparison"
    if choice.method == "bayesian":
        return "posterior_alone"
    return (
        "needs_sequential"
        if choice.correction == "e_bh" and choice.method != "sequential"
        else None
    )


def treatments_in(card: Scorecard, phase: int | None) -> tuple[str, ...]:
    """The treatments that take users in a phase; in any, without one."""
    every = tuple(arm.variant for arm in card.arms if arm.variant != card.control)
    return tuple(
        variant
        for variant in every
        if phase is None or phase in [p.number for p in card.phases_of(variant)]
    )


def _with(choice: Choice, field: str, value: object) -> Choice:
    return msgspec.structs.replace(choice, **{field: value})
