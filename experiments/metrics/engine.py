"""The functions of the engine that Ibis has no name for. Other engines have both by their own.

DuckDB's are bound here; Spark calls them `unix_micros`, `xxhash64` and `percentile_disc`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import ibis
from ibis.expr.types import BooleanValue, Table, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
"""In microseconds."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=(("timestamp('UTC')",), "int64"))
def microseconds(at):  # type: ignore[no-untyped-def]
    """Microseconds since 1970. Arithmetic on whole numbers is many times as fast as on times."""


@ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))
def hashed(text):  # type: ignore[no-untyped-def]
    """The same for equal texts, and nearly always different for others."""


@ibis.udf.agg.builtin(name="quantile_disc", signature=(("float64", "float64"), "float64"))
def percentile(values, share):  # type: ignore[no-untyped-def]
    """The smallest of the values that at least that share of them do not exceed."""


@ibis.udf.agg.builtin(
    name="quantile_disc", signature=(("float64", "array<float64>"), "array<float64>")
)
def percentiles(values, shares):  # type: ignore[no-untyped-def]
    """The same of several shares, from one sort."""


def numbered(kept: Table) -> Table:
    """A kept table with `uid`, one whole number per row.

    DuckDB has them at no cost; counting rows by a window would take one processor alone.
    """
    return kept.mutate(uid=kept.rowid())


def among(text: Value, listed: Sequence[str]) -> BooleanValue:
    """Whether a text is one of those.

    Of one, DuckDB passes over blocks of a file that cannot hold it. Of a longer `IN` it makes a
    join; of a list it asks once per text of a column's dictionary.
    """
    if len(listed) == 1:
        return text == listed[0]
    found: BooleanValue = ibis.literal(list(listed), "array<string>").contains(text)
    return found


def micros(at: datetime) -> int:
    """The same of one time."""
    return (at - EPOCH) // timedelta(microseconds=1)
