"""Rows of a file of past behaviour, by the fields of an event."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from events.arrivals import Property
from events.import_columns import Columns
from imports.exceptions import ImportRefused
from imports.opening import open_rows
from imports.rows import MapCell, Row

Parser = Callable[[Any], object]


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
        parsers = _OF_TEXT if file.is_text else _OF_VALUES
        yield BehaviourFile(rows=(_parsed(row, parsers) for row in rows), size=file.size)


def _by_field(row: Row, columns: Columns) -> Row:
    try:
        cells = {name: row.cells[c] for c in row.cells if (name := columns.field_of(c))}
    except ImportRefused as error:
        return replace(row, cells={}, problem=str(error))
    return Row(line=row.line, position=row.position, cells=cells, problem=row.problem)


def _parsed(row: Row, parsers: Mapping[str, Parser]) -> Row:
    cells: dict[str, Any] = row.cells
    for name in cells.keys() & parsers.keys():
        cells[name] = parsers[name](cells[name])
    return row


def _number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _object(cell: object) -> object:
    """The object that text or a map stands for; anything else as it is, to be judged."""
    if isinstance(cell, MapCell):
        return {name: _scalar(value) for name, value in cell.items()}
    if not isinstance(cell, str):
        return cell
    try:
        return msgspec.json.decode(cell)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return cell


def _scalar(value: object) -> object:
    """A value of a map: text is JSON, as the log has it, where it is JSON of a scalar."""
    if not isinstance(value, str):
        return value
    try:
        return _scalars.decode(value)
    except (msgspec.MsgspecError, UnicodeError):
        return value


_scalars = msgspec.json.Decoder(Property)

# What a cell stands for, by field, where every cell is text; and where each has a type.
_OF_VALUES: dict[str, Parser] = {"properties": _object}
_OF_TEXT: dict[str, Parser] = {"value": _number_or_text, "at": _number_or_text} | _OF_VALUES
