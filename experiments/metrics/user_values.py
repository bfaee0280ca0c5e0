"""What each user's total of a metric is, as it counts: for methods that need users and not sums."""

from collections.abc import Mapping

import ibis
from ibis.expr.types import NumericValue, Table

from experiments.metrics.columns import Column


def value_of(
    rows: Table, column: Column, caps: Mapping[str, float], *, pre: bool, yes_or_no: bool
) -> NumericValue:
    """Whether a user's total is above zero, or the total capped and in its own unit."""
    name = column.pre if pre else column.name
    total = rows[name].cast("float64")
    if yes_or_no:
        return (total > 0).cast("float64")
    cap = caps.get(name)
    return (total if cap is None else ibis.least(total, cap)) / column.scale
