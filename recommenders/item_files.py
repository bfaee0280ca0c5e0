"""Items from a file: CSV with a header, JSON Lines or Parquet, one row in memory at a time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from recommenders.exceptions import ItemFileError
from recommenders.item_rows import RawFile, RawRow, open_raw
from recommenders.services import ItemRow

REQUIRED = ("item", "title")
FIELDS = (*REQUIRED, "categories", "attributes")
SEPARATOR = "|"
ALLOWED = {
    "item": "text of 1 to 256 characters",
    "title": "text of 1 to 512 characters",
    "categories": "a list of text",
    "attributes": "an object of text, numbers, true and false",
}
_MISSING = re.compile(r"missing required field `(\w+)`")
_FIELD = re.compile(r" - at `(?:key in )?\$\.(\w+)")


@dataclass(frozen=True, kw_only=True)
class RejectedItem:
    """Why the row at `line` is no item."""

    line: int
    error: str


def read_items(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, size: None,
    on_rejection: Callable[[RejectedItem], None] = lambda row: None,
) -> Iterator[ItemRow]:
    """The file's items, one after the other; what is no item is told to `on_rejection`.

    Fields: item, title and, if there are any, categories (a list of text, or text with `|` between)
    and attributes (an object of scalars); every other column is an attribute. `columns` names the
    column that holds a field, where it has another name: `{"item": "sku"}`. `progress` is told
    (done, size) with each row. Raises ItemFileError, before the first item, for a file that cannot
    be read or has no column for item or title.
    """
    named = _checked(columns or {})
    with open_raw(path) as file:
        _require_columns(path, file, named)
        for row in file.rows:
            progress(row.position, file.size)
            try:
                yield _item(row, named)
            except ItemFileError as error:
                on_rejection(RejectedItem(line=row.line, error=str(error)))


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """From `item=sku` and the like. Raises ItemFileError."""
    parts = [pair.partition("=") for pair in pairs]
    for pair, (name, _, column) in zip(pairs, parts, strict=True):
        if not name or not column:
            raise ItemFileError(f"“{pair}” must be FIELD=COLUMN, such as item=sku.")
    mapping = {name: column for name, _, column in parts}
    if len(mapping) < len(parts):
        raise ItemFileError("A field is mapped twice.")
    return mapping


def _checked(columns: Mapping[str, str]) -> Mapping[str, str]:
    for name in columns:
        if name not in FIELDS:
            raise ItemFileError(f"“{name}” is no field of an item; those are {', '.join(FIELDS)}.")
    if len(set(columns.values())) < len(columns):
        raise ItemFileError("A column is mapped to two fields.")
    return columns


def _require_columns(path: Path, file: RawFile, named: Mapping[str, str]) -> None:
    if file.columns is None:
        return
    if len(set(file.columns)) < len(file.columns):
        raise ItemFileError(f"{path.name}: a column is there twice.")
    for field in dict.fromkeys((*REQUIRED, *named)):
        if named.get(field, field) not in file.columns:
            raise ItemFileError(f"{path.name}: the column {named.get(field, field)} is missing.")


def _item(row: RawRow, named: Mapping[str, str]) -> ItemRow:
    if row.problem:
        raise ItemFileError(row.problem)
    try:
        item = msgspec.convert(_shaped(row.cells, named), ItemRow)
    except msgspec.ValidationError as error:
        raise ItemFileError(_why(str(error))) from None
    _require_storable(item)
    return item


def _shaped(cells: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """By field: integer ids as text, categories as a list, what is no field in attributes."""
    others = {name: value for name, value in cells.items() if not _is_absent(value)}
    shaped = {
        field: others.pop(column)
        for field in FIELDS
        if (column := named.get(field, field)) in others
    }
    if shaped.get("item").__class__ is int:
        shaped["item"] = str(shaped["item"])
    if isinstance(shaped.get("categories"), str):
        shaped["categories"] = [part for part in shaped["categories"].split(SEPARATOR) if part]
    attributes = shaped.setdefault("attributes", {})
    if isinstance(attributes, dict):
        texts = {n: v.isoformat() if isinstance(v, date) else v for n, v in others.items()}
        shaped["attributes"] = texts | attributes
    return shaped


def _is_absent(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _why(error: str) -> str:
    missing = _MISSING.search(error)
    if missing:
        return f"{missing[1]} is missing"
    at = _FIELD.search(error)
    return f"{at[1]} must be {ALLOWED[at[1]]}" if at and at[1] in ALLOWED else error


def _require_storable(item: ItemRow) -> None:
    """PostgreSQL takes no NUL in a text, JSON no infinite number, and neither half a surrogate."""
    values = [*item.attributes, *item.attributes.values()]
    texts: dict[str, list[str]] = {
        "item": [item.item],
        "title": [item.title],
        "categories": list(item.categories),
        "attributes": [value for value in values if isinstance(value, str)],
    }
    for field, found in texts.items():
        _require_text(field, "".join(found))
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        raise ItemFileError("attributes must be finite numbers")


def _require_text(field: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ItemFileError(f"{field} holds text that is not valid Unicode") from None
    if "\0" in text:
        raise ItemFileError(f"{field} must not hold the NUL character (U+0000)")
