"""What a row of a file of items stands for: an item, or why it is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from imports.rows import Row
from recommenders.exceptions import InvalidItem
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


def item_of_row(row: Row, named: Mapping[str, str]) -> ItemRow:
    """The item. `named` is the column by field, where it has another name. Raises InvalidItem."""
    if row.problem:
        raise InvalidItem("", row.problem)
    cells = _parsed(row.cells, named.get("attributes", "attributes"))
    try:
        item = msgspec.convert(_shaped(cells, named), ItemRow)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    _require_storable(item)
    return item


def _parsed(cells: dict[str, Any], column: str) -> dict[str, Any]:
    """With the object that a cell of JSON stands for; text that is none stays, to be refused."""
    if isinstance(cells.get(column), str):
        try:
            return cells | {column: msgspec.json.decode(cells[column])}
        except (msgspec.MsgspecError, RecursionError):
            pass
    return cells


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


def _invalid(error: str) -> InvalidItem:
    missing = _MISSING.search(error)
    if missing:
        return InvalidItem(missing[1], "is required")
    at = _FIELD.search(error)
    if at and at[1] in ALLOWED:
        return InvalidItem(at[1], f"must be {ALLOWED[at[1]]}")
    return InvalidItem("", error)


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
        raise InvalidItem("attributes", "must be finite numbers")


def _require_text(field: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidItem(field, "holds text that is not valid Unicode") from None
    if "\0" in text:
        raise InvalidItem(field, "must not hold the NUL character (U+0000)")
