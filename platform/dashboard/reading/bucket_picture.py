"""The 10,000 buckets of an experiment to be, as an SVG draws them, and where a user is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboard.reading.buckets import Stretch, claim_bar
from experiments.assignment import BUCKETS, Range, ranges

ROWS = 40
COLUMNS = BUCKETS // ROWS
CELL = 4
WIDTH, HEIGHT = COLUMNS * CELL, ROWS * CELL


@dataclass(frozen=True, kw_only=True)
class ArmPart:
    """An arm's buckets, [low, high), as the `path` of an SVG; `share` is of the experiment's users,
    `of_layer` of the layer's, and `a_day` how many new ones come, None where nobody counted.
    """

    letter: str
    name: str
    low: int
    high: int
    path: str
    share: float
    of_layer: float
    a_day: int | None

    @property
    def hue(self) -> str:
        return self.letter.lower()

    @property
    def last(self) -> int:
        return self.high - 1

    @property
    def size(self) -> int:
        return self.high - self.low


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A bucket's place in percent of the width and height."""

    bucket: int
    left: float
    top: float

    @property
    def leans_left(self) -> bool:
        """Whether its words fit better to the left of it."""
        return self.left > 60


@dataclass(frozen=True, kw_only=True)
class LayerPart:
    """Whom a layer lets into the experiment, as shares of its users: what it takes itself, what
    others hold, and what is left to nobody.
    """

    layer: str
    bar: tuple[Stretch, ...]
    taken: float
    held: float
    left: float


def layer_part(layer: str, claim: Sequence[Range], held: Sequence[Range]) -> LayerPart:
    """`claim` is free of what others have `held`."""
    taken, others = ranges.size(claim), ranges.size(held)
    return LayerPart(
        layer=layer,
        bar=claim_bar(claim, held),
        taken=taken / BUCKETS,
        held=others / BUCKETS,
        left=(BUCKETS - taken - others) / BUCKETS,
    )


def arms_of(
    names: Sequence[str],
    held: Sequence[Range],
    *,
    traffic: Decimal,
    a_day: float | None,
) -> tuple[ArmPart, ...]:
    """The arms in their order; `a_day` are the new users of the placement."""
    return tuple(
        _arm("ABCDEF"[n], name, low, high, traffic, a_day)
        for n, (name, (low, high)) in enumerate(zip(names, held, strict=True))
    )


def path_of(low: int, high: int) -> str:
    """The outline of buckets that fill columns of 40 from the left, each from above."""
    first, last = -(-low // ROWS), high // ROWS
    if first > last:  # within one column
        return _box(last, low % ROWS, 1, high - low)
    parts = (
        _box(first - 1, low % ROWS, 1, ROWS - low % ROWS) if low % ROWS else "",
        _box(first, 0, last - first, ROWS) if last > first else "",
        _box(last, 0, 1, high % ROWS) if high % ROWS else "",
    )
    return "".join(parts)


def mark_of(bucket: int) -> Mark:
    """The middle of the bucket's dot."""
    column, row = divmod(bucket, ROWS)
    return Mark(bucket=bucket, left=(column + 0.5) / COLUMNS * 100, top=(row + 0.5) / ROWS * 100)


def _arm(
    letter: str, name: str, low: int, high: int, traffic: Decimal, a_day: float | None
) -> ArmPart:
    share = (high - low) / BUCKETS
    reach = share * float(traffic)
    return ArmPart(
        letter=letter,
        name=name,
        low=low,
        high=high,
        path=path_of(low, high),
        share=share,
        of_layer=reach,
        a_day=None if a_day is None else round(a_day * reach),
    )


def _box(column: int, row: int, columns: int, rows: int) -> str:
    x, y = column * CELL, row * CELL
    return f"M{x} {y}h{columns * CELL}v{rows * CELL}h-{columns * CELL}z"
