"""How long /route took, as counts per latency band, by who made the slate and why not the model."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

from events.counters import counters
from serving.routing import RouteResponse

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper ends of the bands in seconds; the last band is open."""

PREFIX = "route"
SUM = "microseconds"


@dataclass(frozen=True, kw_only=True)
class Times:
    """Answers of one kind: `bands` counts per band, not cumulated; `seconds` is their sum."""

    served_by: str
    fallback: str
    bands: tuple[int, ...]
    seconds: float


def count(answer: RouteResponse, seconds: float) -> None:
    """Count one answer."""
    stem = f"{PREFIX}/{answer.served_by}/{answer.fallback or ''}"
    counters.add(f"{stem}/{bisect_left(BOUNDS, seconds)}")
    counters.add(f"{stem}/{SUM}", round(seconds * 1e6))


def times(counts: Mapping[str, int]) -> list[Times]:
    """The answers per kind, in order of their names."""
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    for name, n in counts.items():
        if name.startswith(f"{PREFIX}/"):
            _, served_by, fallback, band = name.split("/")
            kinds.setdefault((served_by, fallback), {})[band] = n
    return [
        Times(
            served_by=served_by,
            fallback=fallback,
            bands=tuple(found.get(str(band), 0) for band in range(len(BOUNDS) + 1)),
            seconds=found.get(SUM, 0) / 1e6,
        )
        for (served_by, fallback), found in sorted(kinds.items())
    ]
