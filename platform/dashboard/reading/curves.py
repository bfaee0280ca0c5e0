"""The curve of a training: one small line per figure that the epochs report. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 100.0, 40.0


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One figure over the epochs: an SVG path within 100 x 40, and its first and last value."""

    name: str
    path: str
    end_x: float
    end_y: float
    first: float
    last: float
    epochs: int


def curves(rows: Sequence[Mapping[str, float]]) -> list[Curve]:
    """A curve per figure, in the order of the first epoch; none for fewer than two epochs."""
    if len(rows) < 2:
        return []
    names = [name for name in rows[0] if name != "epoch"]
    return [_curve(name, [row[name] for row in rows if name in row]) for name in names]


def _curve(name: str, values: Sequence[float]) -> Curve:
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    points = [
        (round(n * step, 2), round((1 - (value - low) / span) * (HEIGHT - 4) + 2, 2))
        for n, value in enumerate(values)
    ]
    return Curve(
        name=name.replace("_", " "),
        path="M" + " L".join(f"{x:g} {y:g}" for x, y in points),
        end_x=points[-1][0],
        end_y=points[-1][1],
        first=values[0],
        last=values[-1],
        epochs=len(values),
    )
