"""Winsorising: the percentile of all arms pooled at which a user's total is cut off.

Per arm, a cap would follow the arm's own outliers and a test would reject what is not there. Users
with nothing are counted in: the percentile is of all users whose window has passed. It is the total
of one of them, and so as whole as theirs.
"""

from collections.abc import Mapping

from ibis.expr.types import NumericValue, Table

from experiments.metrics.columns import Column, Columns
from experiments.metrics.engine import percentile
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.totals import names

Caps = Mapping[str, float]
"""By the column's name, in its own units."""


def find_caps(totals: Table, spec: ScorecardSpec, columns: Columns) -> Caps:
    """Run the query, where any column is to be capped."""
    wanted = {
        name: _percentile(totals, name, column, columns)
        for column in columns.all
        if column.winsorise is not None
        for name in names(column, spec)
    }
    if not wanted:
        return {}
    found = totals.aggregate(**wanted).to_pyarrow().to_pylist()[0]
    return {name: cap for name, cap in found.items() if cap is not None}


def _percentile(totals: Table, name: str, column: Column, columns: Columns) -> NumericValue:
    mature = columns.mature(column.window)
    where = None if mature is None else totals[mature]
    return percentile(totals[name].cast("float64"), column.winsorise, where=where)
