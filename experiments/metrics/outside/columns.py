"""The columns of somebody else's files under our names, in types that mean one thing."""

from collections.abc import Mapping

import ibis
from ibis.expr.types import StringValue, Table, Value

from experiments.metrics import ids
from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.outside.mapping import fields_of, listed
from experiments.metrics.outside.numerals import NUMBERS, check_counts, number_of
from experiments.metrics.outside.report import Note
from experiments.metrics.outside.silence import saying
from experiments.metrics.outside.times import in_utc
from experiments.metrics.shape import REQUIRED

TEXTS = "map<string, string>"
IDS = ("user", "item", "request_id")
NAMES = ("variant", "experiment")
MAPS = ("attributes", "properties")
NO_FALLBACK = ("", "false", "0", "0.0")


def ours(
    name: str, table: Table, mapping: Mapping[str, str] | None, attributes: tuple[str, ...] = ()
) -> tuple[Table, list[Note]]:
    """The table with the columns that have a meaning, and what was assumed of them.

    `name` is exposures or events, `mapping` one that check_mapping lets pass, or None where
    columns cannot be mapped. `attributes` are taken from columns of their names where there is no
    map of them. Raises InvalidRequest about `name`.
    """
    named = _named(name, table, mapping or {})
    for column in REQUIRED[name]:
        if column not in named:
            raise InvalidRequest(name, _missing(name, column, table, mapping))
    if "items" in named and "impressions" in named and not named["items"].type().is_array():
        del named["items"]
    named, empty = saying(name, named, table)
    times, notes = in_utc(name, table, named["at"])
    kept = {column: _plain(name, column, value, table) for column, value in named.items()}
    if "impressions" in kept:
        check_counts(name, "impressions", kept["impressions"], table)
    for column in MAPS:
        kept = _with_map(kept, column, table, attributes if column == "attributes" else ())
    return table.select(**{**kept, "at": times}), [*empty, *notes]


def _named(name: str, table: Table, mapping: Mapping[str, str]) -> dict[str, Value]:
    found = {}
    for column in fields_of(name):
        source = mapping.get(f"{name}.{column}") or _shared(column, table, mapping)
        if source in table.columns:
            found[column] = table[source]
    return found


def _shared(column: str, table: Table, mapping: Mapping[str, str]) -> str:
    """A column that is mapped for both files may be in one of them only."""
    source = mapping.get(column, column)
    return source if source in table.columns else column


def _missing(name: str, column: str, table: Table, mapping: Mapping[str, str] | None) -> str:
    lacking = f"has no column {column!r}, only {listed(table)}"
    if mapping is None:
        return f"{lacking}. Rename the one it is"
    field = f"{name}.{column}" if column in mapping else column
    return f"{lacking}. Say which one it is: --map {field}=COLUMN"


def _plain(name: str, column: str, value: Value, table: Table) -> Value:
    kind = value.type()
    if column == "items" and not kind.is_array():
        raise InvalidRequest(name, f"items must be a list, not {kind}; or give impressions")
    if column == "items" and kind.value_type.is_struct() and "id" not in kind.value_type.names:
        raise InvalidRequest(name, f"items must be ids or structs with an id, not {kind}")
    if column in NUMBERS and isinstance(value, StringValue):
        return number_of(name, column, value, table)
    if column in NAMES:
        return ids.known(value)
    if column == "fallback":
        return _why(value)
    return ids.as_text(value) if column in IDS else value


def _why(fallback: Value) -> Value:
    """Why a slate fell back, null where it did not, also where a file says no more than whether."""
    text = fallback.cast("string")
    return text.lower().isin(NO_FALLBACK).ifelse(ibis.null("string"), text)


def _with_map(
    kept: dict[str, Value], column: str, table: Table, wanted: tuple[str, ...]
) -> dict[str, Value]:
    """Texts by name: of a map all, of anything else those that are wanted."""
    given = kept.get(column)
    others = {name: value for name, value in kept.items() if name != column}
    if given is not None and given.type().is_map():
        return others | {column: given.cast(TEXTS)}
    if not wanted:
        return others
    values = {attribute: _attribute(attribute, given, table) for attribute in wanted}
    texts = [value.cast("string") for value in values.values()]
    return others | {column: ibis.map(ibis.array(list(values)), ibis.array(texts))}


def _attribute(name: str, given: Value | None, table: Table) -> Value:
    if given is not None and given.type().is_struct() and name in given.type().names:
        return given[name]
    if name not in table.columns:
        remedy = f"has neither attributes nor a column {name!r} to go by"
        raise InvalidRequest("exposures", remedy)
    return table[name]
