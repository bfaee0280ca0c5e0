"""The items that could be served, from a file as `import_items` takes it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.metrics import Catalogue
from experiments.metrics.outside import InvalidRequest
from imports.exceptions import ImportRefused
from imports.opening import open_rows
from imports.rows import Row

ITEM = ("item", "id")
SEPARATOR = "|"

Item = tuple[str, frozenset[str]]


def catalogue(name: str) -> Catalogue:
    """Every item of a CSV, JSON Lines or Parquet file, with its categories if it has any.

    The item is in the column `item` or `id`. `categories` are a list, or a text with `|` between.
    Raises InvalidRequest about `items`, with the line.
    """
    try:
        with open_rows(Path(name)) as file:
            asked = {column: column for column in file.columns or ()}
            found = dict(_items(file.read(asked)))
    except ImportRefused as error:
        raise InvalidRequest("items", str(error).removesuffix(".")) from error
    if not found:
        raise InvalidRequest("items", f"{name} holds no item")
    return Catalogue.of(found)


def _items(rows: Iterator[Row]) -> Iterator[Item]:
    for row in rows:
        if row.problem:
            raise InvalidRequest("items", f"line {row.line}: {row.problem}")
        yield _id(row), _categories(row)


def _id(row: Row) -> str:
    given = next((row.cells[column] for column in ITEM if column in row.cells), None)
    if isinstance(given, float) and given.is_integer():  # a whole number with gaps, by pandas
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, str | int) or given == "":
        raise InvalidRequest(
            "items", f"line {row.line}: item (or id) must be a text or a whole number, not {given}"
        )
    return str(given)


def _categories(row: Row) -> frozenset[str]:
    given: Any = row.cells.get("categories")
    if isinstance(given, str):
        given = given.split(SEPARATOR)
    if isinstance(given, Mapping) or not all(isinstance(one, str) for one in _listed(given)):
        raise InvalidRequest("items", f"line {row.line}: categories must be a list of texts")
    return frozenset(one for one in _listed(given) if one)


def _listed(given: Any) -> list[Any]:
    """Nothing for what is absent; what is no list is an entry that is no text."""
    if given is None or given != given:  # NaN
        return []
    return list(given) if isinstance(given, list | tuple) else [None]
