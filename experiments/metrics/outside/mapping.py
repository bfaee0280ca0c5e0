"""Which column of a file holds which field, as somebody says it: each has to be there."""

from collections.abc import Mapping

from ibis.expr.types import Table

from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.shape import REQUIRED

OPTIONAL = {
    "exposures": (
        *("impressions", "items", "experiment", "phase", "reason", "placement", "request_id"),
        *("latency_ms", "fallback", "attributes"),
    ),
    "events": ("item", "request_id", "value", "properties"),
}
LISTED = 30
"""Columns of a file that a refusal names."""


def fields_of(table: str) -> tuple[str, ...]:
    """Every column of `exposures` or `events` that has a meaning."""
    return (*REQUIRED[table], *OPTIONAL[table])


def fields() -> tuple[str, ...]:
    """Those of both."""
    return tuple(dict.fromkeys((*REQUIRED["exposures"], *REQUIRED["events"], *_optional())))


def check_mapping(mapping: Mapping[str, str], tables: Mapping[str, Table]) -> None:
    """Raise InvalidRequest about `columns` for a field or a column that no file has.

    What is mapped for both files may be in one of them only.
    """
    for field, column in mapping.items():
        of, _, name = field.rpartition(".")
        asked = [table for table in tables if of in ("", table)]
        able = [table for table in asked if name in fields_of(table)]
        if not able:
            raise InvalidRequest("columns", f"{field}={column}: {_no_field(of, name)}")
        if not any(column in tables[table].columns for table in able):
            looked = " nor ".join(f"{table} ({listed(tables[table])})" for table in able)
            is_none = "is a column of neither" if len(able) > 1 else "is no column of"
            raise InvalidRequest("columns", f"{field}={column}: {column!r} {is_none} {looked}")


def listed(table: Table) -> str:
    """Its columns, the first of many."""
    return ", ".join(table.columns[:LISTED])


def _optional() -> tuple[str, ...]:
    return (*OPTIONAL["exposures"], *OPTIONAL["events"])


def _no_field(of: str, name: str) -> str:
    if of in OPTIONAL:
        return f"{of} have no field {name!r}, only {', '.join(fields_of(of))}"
    return f"there is no field {name!r}, only {', '.join(fields())}"
