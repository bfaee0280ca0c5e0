"""Runs of `evaluate`, as tables: a measure a row, a recommender a column. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recommenders.evaluation import MEASURES, Protocol
from recommenders.models import Evaluation


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A figure with its interval, and its difference to the baseline's.

    Bounds are None where there are none; `clear` is whether the interval of the difference leaves
    out zero, and `better` on which side: None where more is neither better nor worse.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    difference: float | None = None
    p_value: float | None = None
    clear: bool = False
    better: bool | None = None


@dataclass(frozen=True, kw_only=True)
class MeasuredRow:
    name: str
    cells: list[Cell]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run; `models` are its rows in order, `users` of whom each was measured on."""

    words: str
    sampled: bool
    at: datetime
    baseline: str
    percent: float
    models: list[Evaluation]
    rows: list[MeasuredRow]


def run(models: Sequence[Evaluation]) -> Run:
    """The table of one run, which has at least one row."""
    first = models[0]
    protocol = Protocol(**first.protocol)
    names = dict.fromkeys(name for one in models for name in one.measures)
    return Run(
        words=f"{protocol.words}; k {first.k}, seed {protocol.seed}",
        sampled=protocol.negatives is not None,
        at=first.at,
        baseline=first.baseline,
        percent=100 * first.confidence,
        models=list(models),
        rows=[MeasuredRow(name=name, cells=[_cell(name, one) for one in models]) for name in names],
    )


def _cell(name: str, one: Evaluation) -> Cell:
    figure, apart = one.measures.get(name), one.differences.get(name)
    if figure is None:
        return Cell()
    if apart is None:
        return Cell(value=figure["value"], low=figure["low"], high=figure["high"])
    p_value = apart["p_value"]
    return Cell(
        value=figure["value"],
        low=figure["low"],
        high=figure["high"],
        difference=apart["difference"],
        p_value=p_value,
        clear=p_value is not None and p_value <= 1 - one.confidence,
        better=_better(name, apart["difference"]),
    )


def _better(name: str, difference: float) -> bool | None:
    measure = MEASURES.get(name.partition("@")[0])
    if measure is None or not measure.better:
        return None
    return (difference > 0) == (measure.better > 0)
