"""Numbers that a file holds as texts, as all of a CSV's are."""

from ibis.expr.types import FloatingValue, StringValue, Table, Value

from experiments.metrics.outside.exceptions import InvalidRequest

NUMBERS = {
    "phase": "int64",
    "impressions": "int64",
    "latency_ms": "float64",
    "value": "float64",
}
"""By column, what it holds."""


def number_of(name: str, column: str, texts: StringValue, table: Table) -> Value:
    """The texts of a column of the table as numbers. Raises InvalidRequest about `name`, with the
    first that is none.
    """
    kind = NUMBERS[column]
    number: FloatingValue = texts.try_cast("float64")
    wrong = number.isnull() | number.isnan() | number.isinf()
    if kind == "int64":
        wrong |= number != number.floor()
    unread = table.filter(texts.notnull() & wrong).select(text=texts).limit(1)
    for row in unread.to_pyarrow().to_pylist():
        what = "whole number" if kind == "int64" else "number"
        raise InvalidRequest(name, f"{column} holds {row['text']!r}, which is no {what}")
    return number.cast(kind)


def check_counts(name: str, column: str, counts: Value, table: Table) -> None:
    """Raises InvalidRequest about `name` where one is below 0."""
    below = table.filter(counts < 0).select(found=counts).limit(1)
    for row in below.to_pyarrow().to_pylist():
        raise InvalidRequest(name, f"{column} holds {row['found']:g}, and must be 0 or more")
