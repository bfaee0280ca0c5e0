"""Buckets as stretches of a bar: who holds which of a layer, and which arm holds which of an
experiment. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard import formats
from experiments.assignment import BUCKETS, Range, ranges

if TYPE_CHECKING:
    from experiments.models import Experiment, Layer, Phase, Variant


SHADES = 3  # of gray, so that neighbours of a bar differ
Piece = tuple[Range, str, str, int | None]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """`tone` is how it is drawn: an arm's letter, `held` in one of three shades, `mine`, `idle`
    (claimed, and not used now), `killed`, `free`, or `outside` of an experiment to be. `number` is
    the experiment's in the list below the bar; None where nobody's.
    """

    size: int
    name: str
    tone: str
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class Holder:
    """One experiment's part of a layer, by its number in the bar: `share` in words."""

    experiment: Experiment
    number: int
    tone: str
    share: str


@dataclass(frozen=True, kw_only=True)
class LayerBar:
    layer: Layer
    stretches: tuple[Stretch, ...]
    holders: tuple[Holder, ...]
    free: str


@dataclass(frozen=True, kw_only=True)
class PhaseRow:
    """A phase with the share of each arm, by its letter; `killed` arms have lost their users."""

    phase: Phase
    bar: tuple[Stretch, ...]
    arms: str
    killed: str


def layer_bar(
    layer: Layer, experiments: Iterable[Experiment], *, mine: Experiment | None = None
) -> LayerBar:
    """The layer's buckets by the experiments under way, numbered in the order of their buckets;
    `mine` stands out. Expects the memberships prefetched.
    """
    found = [(one, *held_of(one, layer)) for one in experiments]
    holding = sorted((each for each in found if each[1]), key=lambda each: min(each[1]))
    pieces: list[Piece] = []
    holders = []
    for number, (one, held, used) in enumerate(holding, 1):
        own = mine is not None and one.pk == mine.pk
        tone = "mine" if own else f"held-{(number - 1) % SHADES + 1}"
        active = [] if one.status == one.Status.PAUSED else used
        idle = _without(held, active)
        pieces += [(pair, one.name, tone, number) for pair in active]
        pieces += [(pair, f"{one.name}, not used now", "idle", number) for pair in idle]
        share = _in_words(active, idle)
        shown = tone if active else "idle"
        holders.append(Holder(experiment=one, number=number, tone=shown, share=share))
    free = ranges.free([pair for pair, *_ in pieces])
    return LayerBar(layer=layer, stretches=_bar(pieces), holders=tuple(holders), free=_share(free))


def claim_bar(claim: Iterable[Range], held: Iterable[Range]) -> tuple[Stretch, ...]:
    """A layer's buckets for an experiment to be: its own, those others hold, and the rest."""
    pieces: list[Piece] = [(pair, "takes part", "mine", None) for pair in claim]
    pieces += [(pair, "other experiments", "held-2", None) for pair in held]
    return _bar(pieces, rest="outside")


def held_of(experiment: Experiment, layer: Layer) -> tuple[list[Range], list[Range]]:
    """What it claimed of the layer, and the part of that which takes users while it runs."""
    if experiment.layer_id == layer.pk:
        return _pairs(experiment.reserved), _pairs(experiment.slots)
    own = [one for one in experiment.memberships.all() if one.layer_id == layer.pk]
    slots = _pairs(own[0].slots) if own else []
    return slots, slots


def phase_rows(phases: Sequence[Phase], variants: Sequence[Variant]) -> tuple[PhaseRow, ...]:
    """Newest first."""
    letters = {variant.key: variant.letter for variant in variants}
    return tuple(_phase_row(phase, letters) for phase in reversed(phases))


def _phase_row(phase: Phase, letters: Mapping[str, str]) -> PhaseRow:
    held = {key: _pairs(pairs) for key, pairs in phase.ranges.items()}
    pieces = [
        (pair, key, "killed" if key in phase.killed else letters[key].lower(), None)
        for key, pairs in held.items()
        for pair in pairs
    ]
    shares = [f"{letters[k]} {_share(v)}" for k, v in held.items() if v and k not in phase.killed]
    return PhaseRow(
        phase=phase,
        bar=_bar(pieces),
        arms=", ".join(shares),
        killed=", ".join(letters[key] for key in phase.killed),
    )


def _bar(pieces: Sequence[Piece], *, rest: str = "free") -> tuple[Stretch, ...]:
    """All 10,000 buckets in order, what nobody holds in the tone `rest`."""
    left = ranges.free([pair for pair, *_ in pieces])
    free: list[Piece] = [(pair, "free", rest, None) for pair in left]
    return tuple(
        Stretch(size=high - low, name=name, tone=tone, number=number)
        for (low, high), name, tone, number in sorted([*pieces, *free], key=lambda p: p[0])
    )


def _in_words(active: Sequence[Range], idle: Sequence[Range]) -> str:
    if not active:
        return f"{_share(idle)}, kept while paused"
    return f"{_share(active)}, {_share(idle)} more claimed" if idle else _share(active)


def _without(held: Sequence[Range], used: Sequence[Range]) -> list[Range]:
    return ranges.free([*ranges.free(held), *used])


def _share(held: Iterable[Range]) -> str:
    return formats.share(ranges.size(held) / BUCKETS)


def _pairs(found: Iterable[Sequence[int]]) -> list[Range]:
    return [(low, high) for low, high in found]
