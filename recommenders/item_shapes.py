"""What a row of a file of items stands for: an item, or why it is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import msgspec

from imports.rows import Row
from recommenders.exceptions import InvalidItem
from recommenders.services import ItemRow

REQUIRED = ("item", "title")
FIELDS = (*REQUIRED, "categories", "attributes", "available")
SEPARATOR = "|"
ALLOWED = {
    "item": "text of 1 to 256 characters",
    "title": "text of 1 to 512 characters",
    "categories": "a list of text",
    "attributes": "an object of text, numbers, true and false",
    "available": "true or false",
}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MISSING = re.compile(r"missing required field `(\w+)`")
_FIELD = re.compile(r" - at `(?:key in )?\$\.(\w+)")


def item_of_row(row: Row, named: Mapping[str, str]) -> ItemRow:
    """The item. `named` is the column by field, where it has another name. Raises InvalidItem."""
    if row.problem:
        raise InvalidItem("", row.problem)
    try:
        item = msgspec.convert(_shaped(row.cells, named), ItemRow)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    _require_storable(item)
    return item


def _shaped(cells: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """By field: integer ids as text, categories as a list, what is no field in attributes."""
    others = {name: value for name, value in cells.items() if not _is_absent(value)}
    columns = {field: field for field in FIELDS if field not in named.values()} | dict(named)
    shaped = {field: others.pop(name) for field, name in columns.items() if name in others}
    if shaped.get("item").__class__ is int:
        shaped["item"] = str(shaped["item"])
    if isinstance(shaped.get("categories"), str):
        shaped["categories"] = [part for part in shaped["categories"].split(SEPARATOR) if part]
    if "available" in shaped:
        shaped["available"] = _yes_or_no(shaped["available"])
    attributes = shaped["attributes"] = _object(shaped.get("attributes", {}))
    if isinstance(attributes, dict):
        texts = {n: v.isoformat() if isinstance(v, date) else v for n, v in others.items()}
        shaped["attributes"] = texts | attributes
    return shaped


def _yes_or_no(cell: object) -> object:
    """The truth that text or a number stands for; what stands for none stays, to be refused."""
    return _TRUTHS.get(str(cell).strip().lower(), cell)


def _object(cell: object) -> object:
    """The object that text is JSON of; text that is none stays, to be refused."""
    if isinstance(cell, str):
        with suppress(msgspec.MsgspecError, RecursionError):
            return msgspec.json.decode(cell)
    return cell


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
