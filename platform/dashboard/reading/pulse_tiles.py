"""Four figures of routing with the line of their last day. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading.machines import SILENT

BINS = 48
BIN = timedelta(minutes=30)
WIDTH, HEIGHT, PAD = 112.0, 32.0, 3.0

Values = Sequence[float | None]


class Minute(NamedTuple):
    """The figures of a pulse: five thousand of them are a day."""

    at: datetime
    requests_per_minute: float
    p95_ms: float | None
    fallback_share: float | None
    log_lag_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A sparkline in its own units: a stretch of points for each time without a gap, and the last
    point, None where there is nothing now.
    """

    stretches: tuple[str, ...]
    last: tuple[float, float] | None

    @property
    def is_drawn(self) -> bool:
        """Whether there are two points to join: one alone is no line."""
        return any(" " in stretch for stretch in self.stretches)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """`figure` and its `unit` are of the newest pulse, `more` of the day."""

    name: str
    figure: str
    unit: str
    more: str
    line: Line


def tiles(pulses: Sequence[Minute], *, now: datetime, deadline_ms: int) -> list[Tile]:
    """Of pulses, newest first. What is older than two minutes is no figure of now."""
    newest = pulses[0] if pulses and now - pulses[0].at <= SILENT else None
    bins = _bins(pulses, now)
    served = [pulse for pulse in pulses if pulse.requests_per_minute]
    return [
        _requests(newest, pulses, bins),
        _fallbacks(newest, served, bins),
        _latency(newest, bins, deadline_ms),
        _lag(newest, pulses, bins),
    ]


def sparkline(values: Values) -> Line:
    """Points from left to right between 0 and the largest; a value of None is a gap."""
    known = [value for value in values if value is not None]
    top = max(known, default=0.0) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    points = [
        None
        if value is None
        else (round(n * step, 1), round(HEIGHT - PAD - value / top * (HEIGHT - 2 * PAD), 1))
        for n, value in enumerate(values)
    ]
    return Line(
        stretches=tuple(
            " ".join(f"{x:g},{y:g}" for x, y in stretch) for stretch in _stretches(points)
        ),
        last=points[-1] if points else None,
    )


def _stretches(
    points: Iterable[tuple[float, float] | None],
) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is not None:
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [stretch for stretch in found if stretch]


def _bins(pulses: Iterable[Minute], now: datetime) -> list[list[Minute]]:
    """Half an hour each, the last one up to now."""
    bins: list[list[Minute]] = [[] for _ in range(BINS)]
    for pulse in pulses:
        back = int((now - pulse.at) / BIN)
        if 0 <= back < BINS:
            bins[BINS - 1 - back].append(pulse)
    return bins


def _series(bins: Sequence[list[Minute]], of: Callable[[list[Minute]], float | None]) -> Line:
    return sparkline([of(each) if each else None for each in bins])


def _requests(newest: Minute | None, pulses: Sequence[Minute], bins: list[list[Minute]]) -> Tile:
    rates = [pulse.requests_per_minute for pulse in pulses]
    span = {
        "low": formats.number(min(rates, default=0)),
        "high": formats.number(max(rates, default=0)),
    }
    return Tile(
        name=_("Requests"),
        figure=formats.number(newest.requests_per_minute if newest else None),
        unit=_("a minute"),
        more=_("%(low)s to %(high)s in 24 hours") % span if rates else _("Not measured yet"),
        line=_series(bins, lambda each: sum(p.requests_per_minute for p in each) / len(each)),
    )


def _fallbacks(newest: Minute | None, served: Sequence[Minute], bins: list[list[Minute]]) -> Tile:
    share = _share(served)
    more = _("%(share)s in 24 hours") % {"share": formats.percent(share, 1)}
    return Tile(
        name=_("Fallbacks"),
        figure=formats.percent(newest.fallback_share if newest else None, 1),
        unit=_("of slates"),
        more=_("Nothing was served") if share is None else more,
        line=_series(bins, _share),
    )


def _share(pulses: Sequence[Minute]) -> float | None:
    """Of all slates: a busy minute counts for more."""
    slates = sum(pulse.requests_per_minute for pulse in pulses)
    if not slates:
        return None
    fell = sum(pulse.requests_per_minute * (pulse.fallback_share or 0.0) for pulse in pulses)
    return fell / slates


def _latency(newest: Minute | None, bins: list[list[Minute]], deadline_ms: int) -> Tile:
    return Tile(
        name=_("p95 latency"),
        figure=formats.number(newest.p95_ms if newest else None),
        unit=_("ms"),
        more=_("a model has %(ms)s ms") % {"ms": formats.number(deadline_ms)},
        line=_series(bins, _median_p95),
    )


def _median_p95(pulses: Sequence[Minute]) -> float | None:
    known = [pulse.p95_ms for pulse in pulses if pulse.p95_ms is not None]
    return median(known) if known else None


def _lag(newest: Minute | None, pulses: Sequence[Minute], bins: list[list[Minute]]) -> Tile:
    most = _most_lag(pulses)
    lag = newest.log_lag_seconds if newest else None
    figure, unit = (formats.DASH, "") if lag is None else formats.span(lag).split(" ")
    more = "" if most is None else _("at most %(span)s in 24 hours") % {"span": formats.span(most)}
    return Tile(
        name=_("Log behind by"),
        figure=figure,
        unit=unit,
        more=more or _("Not measured yet"),
        line=_series(bins, _most_lag),
    )


def _most_lag(pulses: Sequence[Minute]) -> float | None:
    known = [pulse.log_lag_seconds for pulse in pulses if pulse.log_lag_seconds is not None]
    return max(known, default=None)
