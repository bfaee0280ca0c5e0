"""One row per member: the total of each column, and over the pre-period.

A total is taken over all of a user's facts at once. Only where a chart over time is asked for are
there rows per (user, period) first; the pre-period is then period -1.
"""

from collections.abc import Sequence
from functools import reduce

import ibis
from ibis.expr.types import BooleanValue, NumericValue, Table

from experiments.metrics.belonging import segment_name
from experiments.metrics.columns import Column, Columns
from experiments.metrics.periods import Grid, period_of
from experiments.metrics.sources import Adds, Source
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.windows import inside, is_mature

PRE_PERIOD = -1


def user_totals(
    members: Table, summed: Sequence[Table], spec: ScorecardSpec, columns: Columns
) -> Table:
    """Rows: uid, arm, phase, crossed, first_at, until, the segments, a flag per window whether it
    has passed, per column `name` and, with a lookback, `pre`; `limited` where a source counts it.
    `summed` have uid and some of those; where several have one, and where members have it already,
    they add up. Without it, 0.
    """
    apart = [
        table.rename({f"{name}_of_{i}": name for name in table.columns if name != "uid"})
        for i, table in enumerate(summed)
    ]
    whole = reduce(
        lambda left, right: left.left_join(right, "uid").drop("uid_right"), apart, members
    )
    limited = [whole[c].name("limited") for c in whole.columns if c.startswith("limited_of_")]
    return whole.select(
        "uid",
        "arm",
        "phase",
        "crossed",
        *limited,
        "first_at",
        "until",
        *(segment_name(i) for i in range(len(spec.segments))),
        **{str(columns.mature(w)): is_mature(whole, w) for w in columns.windows},
        **{
            name: _sum_of(whole, name, column)
            for column in columns.all
            for name in names(column, spec)
        },
    )


def names(column: Column, spec: ScorecardSpec) -> tuple[str, ...]:
    """The column's totals in a user's row."""
    return (column.name, column.pre) if spec.lookback else (column.name,)


def _sum_of(whole: Table, name: str, column: Column) -> NumericValue:
    parts = [whole[c] for c in whole.columns if c == name or c.startswith(f"{name}_of_")]
    kind = kind_of(column)
    none: NumericValue = ibis.literal(0).cast(kind)
    return reduce(
        lambda a, b: a + b, (part.cast(kind).fill_null(none) for part in parts), none
    ).cast(kind)


def kind_of(column: Column) -> str:
    """The type of a total. Whole numbers are exact in both, whatever the order of their sum."""
    return "decimal(38, 0)" if column.of_values else "float64"


def added(facts: Table, value: Adds, where: BooleanValue) -> NumericValue:
    """What the facts add that fulfil a condition."""
    if isinstance(value, BooleanValue):
        return facts.count(where=value & where)
    return value.sum(where=where)


def sums(source: Source, spec: ScorecardSpec) -> Table:
    """Rows: uid, and the columns of the source."""
    return source.facts.group_by("uid").aggregate(**_aggregates(source, spec))


def sums_by_period(source: Source, spec: ScorecardSpec, grid: Grid) -> Table:
    """Rows: uid, period, and the columns of the source."""
    facts = source.facts
    when = ibis.cases((facts.pre, PRE_PERIOD), (facts.post, period_of(facts.at, grid)))
    found = facts.group_by("uid", period=when).aggregate(**_aggregates(source, spec))
    return found.filter(found.period.notnull())


def _aggregates(source: Source, spec: ScorecardSpec) -> dict[str, NumericValue]:
    facts, found = source.facts, {}
    for column, value in source.parts:
        found[column.name] = added(facts, value, inside(facts, column.window)).cast(kind_of(column))
        if spec.lookback:
            counted = facts.pre & is_mature(facts, column.window)
            found[column.pre] = added(facts, value, counted).cast(kind_of(column))
    if source.limited is not None:
        found["limited"] = facts.count(where=source.limited)
    return found


def user_periods(
    members: Table, by_period: Sequence[Table], spec: ScorecardSpec, columns: Columns, grid: Grid
) -> Table:
    """Rows: uid, period, and every column, from tables that each have some of them.

    A (user, period) without a fact has no row, but that of the user's first exposure has.
    """
    wanted = [(name, column) for column in columns.all for name in names(column, spec)]
    entries = members.select("uid", period=period_of(members.first_at, grid))
    every = [_with_all(table, wanted) for table in (entries, *by_period)]
    rows = ibis.union(*every) if len(every) > 1 else every[0]
    return rows.group_by("uid", "period").aggregate(
        **{name: rows[name].sum().cast(kind_of(column)) for name, column in wanted}
    )


def _with_all(table: Table, wanted: Sequence[tuple[str, Column]]) -> Table:
    def of(name: str, column: Column) -> NumericValue:
        kind = kind_of(column)
        none = ibis.literal(0).cast(kind)
        return table[name].cast(kind).fill_null(none) if name in table.columns else none

    return table.select("uid", "period", **{name: of(name, column) for name, column in wanted})


def over_periods(rows: Table, spec: ScorecardSpec, columns: Columns) -> Table:
    """The totals of `user_periods`: rows uid and every column."""
    wanted = [(name, column) for column in columns.all for name in names(column, spec)]
    return rows.group_by("uid").aggregate(
        **{name: rows[name].sum().cast(kind_of(column)) for name, column in wanted}
    )
