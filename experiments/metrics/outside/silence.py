"""Columns that are there and empty, as programs write them that have nothing to put in."""

from collections.abc import Mapping

import ibis
from ibis.expr.types import BooleanValue, Table, Value

from experiments.metrics.outside.report import Note

MEANT = {
    "exposures": ("request_id", "items", "impressions", "latency_ms", "reason"),
    "events": ("request_id", "item"),
}
"""Columns whose being there means something: a click then has to name its slate, an exposure needs
a reason of `split`, and a metric may be computed. Of the others an empty one says what none says.
"""


def saying(
    name: str, columns: Mapping[str, Value], table: Table
) -> tuple[dict[str, Value], list[Note]]:
    """The columns of the table without those that are empty in all of its rows, and which.

    Of a table without rows all are kept: they are where something will be said.
    """
    asked = {c: _says(columns[c]) for c in MEANT[name] if c in columns}
    found = _any_row(table, asked)
    empty = [column for column in asked if column not in found]
    if not empty or not table.limit(1).count().to_pyarrow().as_py():
        return dict(columns), []
    notes = [
        Note(about=f"{name}.{column}", text=f"The column {column} of {name} is empty: as if none.")
        for column in empty
    ]
    return {c: value for c, value in columns.items() if c not in empty}, notes


def _says(column: Value) -> BooleanValue:
    if column.type().is_string():
        return column != ""
    return column.notnull() & ~column.isnan() if column.type().is_floating() else column.notnull()


def _any_row(table: Table, asked: Mapping[str, BooleanValue]) -> set[str]:
    """Which conditions some row fulfils: each looked for until it is found, all in one query."""
    firsts = [
        table.filter(condition).limit(1).select(column=ibis.literal(column))
        for column, condition in asked.items()
    ]
    if not firsts:
        return set()
    return set(ibis.union(firsts[0], *firsts[1:]).to_pyarrow()["column"].to_pylist())
