"""Items from a file: JSON Lines, or CSV with a header."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from recommenders.exceptions import ItemFileError
from recommenders.services import ItemRow

REQUIRED = ("item", "title")
CATEGORIES = "categories"
SEPARATOR = "|"
ALLOWED = {
    "item": "text of 1 to 256 characters",
    "title": "text of 1 to 512 characters",
    "categories": "a list of text",
    "attributes": "an object of text, numbers, true and false",
}
_MISSING = re.compile(r"missing required field `(\w+)`")
_FIELD = re.compile(r" - at `(?:key in )?\$\.(\w+)")


def read_items(path: Path) -> Iterator[ItemRow]:
    """The file's items, one after the other.

    JSON Lines: objects with item, title and, if there are any, categories (a list of text) and
    attributes (an object of scalars). CSV: columns item and title; categories separated by `|`;
    every other column becomes an attribute.

    Raises ItemFileError, naming the line and the field, at the first row that is no item.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ItemFileError(f"{path.name}: the extension must be one of {', '.join(_READERS)}.")
    try:
        for line, raw in reader(path):
            yield _item(path, line, raw)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ItemFileError(f"{path.name} cannot be read: {error}.") from error


def _item(path: Path, line: int, raw: dict[str, Any]) -> ItemRow:
    try:
        return msgspec.convert(raw, ItemRow)
    except msgspec.ValidationError as error:
        raise ItemFileError(f"{path.name}, line {line}: {_why(str(error))}.") from None


def _why(error: str) -> str:
    missing = _MISSING.search(error)
    if missing:
        return f"{missing[1]} is missing"
    at = _FIELD.search(error)
    return f"{at[1]} must be {ALLOWED[at[1]]}" if at and at[1] in ALLOWED else error


def _jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for line, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                yield line, msgspec.json.decode(raw, type=dict[str, Any])
            except msgspec.MsgspecError as error:
                raise ItemFileError(f"{path.name}, line {line}: {error}.") from None


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, strict=True)
        missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
        if missing:
            raise ItemFileError(f"{path.name}: the column {missing[0]} is missing.")
        for row in rows:
            yield rows.line_num, _shape(row)


def _shape(row: dict[str, str]) -> dict[str, Any]:
    categories = [part for part in (row.pop(CATEGORIES, "") or "").split(SEPARATOR) if part]
    item, title = row.pop("item"), row.pop("title")
    attributes = {name: value for name, value in row.items() if value}
    return {"item": item, "title": title, "categories": categories, "attributes": attributes}


_READERS: dict[str, Callable[[Path], Iterator[tuple[int, dict[str, Any]]]]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
}
