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


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """`tone` is how it is drawn: an arm's letter, `held`, `mine`, `idle` (claimed, and not used
    now), `killed` or `free`.
    """

    size: int
    name: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Holder:
    """One experiment's part of a layer. `share` is of all its users; `idle` what it claimed and
    does not use now.
    """

    experiment: Experiment
    share: str
    idle: str


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
    """The layer's buckets by the experiments under way, in order; `mine` stands out.

    Expects the memberships prefetched.
    """
    pieces: list[tuple[Range, str, str]] = []
    holders = []
    for one in experiments:
        held, used = held_of(one, layer)
        if not held:
            continue
        tone = "mine" if mine is not None and one.pk == mine.pk else "held"
        active = [] if one.status == one.Status.PAUSED else used
        idle = _without(held, active)
        pieces += [(pair, one.name, tone) for pair in active]
        pieces += [(pair, f"{one.name}, not used now", "idle") for pair in idle]
        holders.append(
            Holder(
                experiment=one,
                share=_share(active),
                idle=_share(idle) if idle else "",
            )
        )
    free = ranges.free([pair for pair, _, _ in pieces])
    return LayerBar(layer=layer, stretches=_bar(pieces), holders=tuple(holders), free=_share(free))


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
        (pair, key, "killed" if key in phase.killed else letters[key].lower())
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


def _bar(pieces: Sequence[tuple[Range, str, str]]) -> tuple[Stretch, ...]:
    """All 10,000 buckets in order, what nobody holds as free."""
    free = [(pair, "free", "free") for pair in ranges.free([pair for pair, _, _ in pieces])]
    return tuple(
        Stretch(size=high - low, name=name, tone=tone)
        for (low, high), name, tone in sorted([*pieces, *free])
    )


def _without(held: Sequence[Range], used: Sequence[Range]) -> list[Range]:
    return ranges.free([*ranges.free(held), *used])


def _share(held: Iterable[Range]) -> str:
    return formats.share(ranges.size(held) / BUCKETS)


def _pairs(found: Iterable[Sequence[int]]) -> list[Range]:
    return [(low, high) for low, high in found]
