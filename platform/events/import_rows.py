"""Rows of a file of past behaviour, by the fields of an event."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from events.import_columns import Columns
from imports.exceptions import ImportRefused
from imports.opening import open_rows
from imports.rows import Row


@dataclass(frozen=True, kw_only=True)
class BehaviourFile:
    """An open file: its rows, once, with cells by field; and its size, as `Row.position`."""

    rows: Iterator[Row]
    size: int


@contextmanager
def open_behaviour(path: Path, columns: Columns) -> Iterator[BehaviourFile]:
    """Open a .csv, .jsonl or .parquet file. Raises ImportRefused for one of another shape."""
    with open_rows(path) as file:
        try:
            fields = {} if file.columns is None else columns.fields_of(file.columns)
        except ImportRefused as error:
            raise ImportRefused(f"{path.name}: {error}.") from None
        rows = file.read(fields)
        if file.columns is None:
            rows = (_by_field(row, columns) for row in rows)
        yield BehaviourFile(rows=map(_parsed, rows) if file.is_text else rows, size=file.size)


def _by_field(row: Row, columns: Columns) -> Row:
    try:
        cells = {name: row.cells[c] for c in row.cells if (name := columns.field_of(c))}
    except ImportRefused as error:
        return replace(row, cells={}, problem=str(error))
    return Row(line=row.line, position=row.position, cells=cells, problem=row.problem)


def _parsed(row: Row) -> Row:
    cells: dict[str, Any] = row.cells
    for name in cells.keys() & _PARSERS.keys():
        cells[name] = _PARSERS[name](cells[name])
    return row


def _number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _object_or_text(cell: str) -> object:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return cell


# What a cell of text stands for, where it stands for anything but text.
_PARSERS: dict[str, Callable[[str], object]] = {
    "value": _number_or_text,
    "at": _number_or_text,
    "properties": _object_or_text,
}
