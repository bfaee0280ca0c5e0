"""Cuts of the users by an attribute, as it was at their first exposure."""

from dataclasses import dataclass

import ibis
from ibis import _
from ibis.expr.types import IntegerValue, Table

from experiments.metrics.belonging import segment_name
from experiments.metrics.moments import Moments, Summing
from experiments.metrics.spec import ScorecardSpec

MOST_VALUES = 20
"""Rarer values are one segment together: a table of hundreds is read by nobody."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Users with one value of an attribute; `value` None had none. `rest` are all rarer values."""

    attribute: str
    value: str | None
    rest: bool = False


def cut_by(
    totals: Table, spec: ScorecardSpec, summing: Summing
) -> tuple[tuple[Segment, Moments], ...]:
    """Sums at as_of of each segment of each attribute of the spec, the largest segment first."""
    found: list[tuple[Segment, Moments]] = []
    for place, attribute in enumerate(spec.segments):
        column = segment_name(place)
        listed = _values(totals, column)
        if not listed:  # nobody was exposed yet
            continue
        parts = [Segment(attribute=attribute, value=value) for value in listed[:MOST_VALUES]]
        if len(listed) > MOST_VALUES:
            parts.append(Segment(attribute=attribute, value=None, rest=True))
        placed = totals.mutate(segment=_place(totals, column, listed[:MOST_VALUES]))
        found += zip(parts, summing.by_segment(placed, len(parts)), strict=True)
    return tuple(found)


def _values(totals: Table, column: str) -> list[str | None]:
    """The most frequent values, one more than are shown; equally frequent ones in their order."""
    counted = totals.group_by(column).aggregate(users=_.count())
    by_size = counted.order_by(_.users.desc(), ibis.asc(_[column], nulls_first=True))
    return by_size.limit(MOST_VALUES + 1).to_pyarrow()[column].to_pylist()  # type: ignore[no-any-return]


def _place(totals: Table, column: str, values: list[str | None]) -> IntegerValue:
    given = totals[column]
    places = [
        (given.isnull() if value is None else given == value, place)
        for place, value in enumerate(values)
    ]
    return ibis.cases(*places, else_=len(values)).cast("int64")
