"""Rows of a file of past behaviour, from CSV, JSON Lines or Parquet, each with its line number."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from events.exceptions import ImportRefused, InvalidField
from events.import_columns import Columns

BATCH_ROWS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row: `values` by field, or why it cannot be read.

    `line` counts from 1; in Parquet it is the row. `position` is how far the file is read, in the
    unit of `RowFile.size`.
    """

    line: int
    values: dict[str, Any]
    problem: InvalidField | None = None
    position: int = 0


@dataclass(frozen=True, kw_only=True)
class RowFile:
    """An open file: its rows, once, and its size in bytes (in Parquet, rows)."""

    rows: Iterator[Row]
    size: int


@contextmanager
def open_rows(path: Path, columns: Columns) -> Iterator[RowFile]:
    """Open by extension: .csv, .jsonl or .parquet. Raises ImportRefused for what cannot be read."""
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise ImportRefused(f"{path.name}: the extension must be one of {', '.join(_OPENERS)}")
    with ExitStack() as stack:
        try:
            file = opener(path, columns, stack)
        except (OSError, pa.ArrowException, csv.Error) as error:
            raise ImportRefused(f"{path.name} cannot be read: {error}") from error
        except ImportRefused as error:
            raise ImportRefused(f"{path.name}: {error}") from None
        yield RowFile(rows=_readable(path, file.rows), size=file.size)


def _readable(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except (OSError, pa.ArrowException) as error:
        raise ImportRefused(f"{path.name} cannot be read to its end: {error}") from error


def _open_csv(path: Path, columns: Columns, stack: ExitStack) -> RowFile:
    binary = stack.enter_context(path.open("rb"))
    # A byte that is no UTF-8 spoils its own row, not the import: it fails as half a surrogate pair.
    text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(stack.enter_context(text), strict=True)
    fields = columns.fields_of([name.strip() for name in next(reader, [])])
    return RowFile(rows=_csv_rows(reader, fields, binary), size=path.stat().st_size)


def _csv_rows(reader: Any, fields: list[str | None], binary: BinaryIO) -> Iterator[Row]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _unread(reader.line_num, binary.tell(), str(error))
            continue
        if cells:
            yield _csv_row(reader.line_num, fields, cells, binary.tell())


def _csv_row(line: int, fields: list[str | None], cells: list[str], position: int) -> Row:
    if len(cells) != len(fields):
        return _unread(line, position, f"has {len(cells)} cells; the header has {len(fields)}")
    values: dict[str, Any] = {
        name: cell for name, cell in zip(fields, cells, strict=True) if name and cell != ""
    }
    for name in values.keys() & _PARSERS.keys():
        values[name] = _PARSERS[name](values[name])
    return Row(line=line, values=values, position=position)


def _number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _object_or_text(cell: str) -> object:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.MsgspecError, UnicodeError):
        return cell


# What a cell of text stands for, where it stands for anything but text.
_PARSERS: dict[str, Callable[[str], object]] = {
    "value": _number_or_text,
    "at": _number_or_text,
    "properties": _object_or_text,
}


def _open_jsonl(path: Path, columns: Columns, stack: ExitStack) -> RowFile:
    file = stack.enter_context(path.open("rb"))
    return RowFile(rows=_jsonl_rows(file, columns), size=path.stat().st_size)


def _jsonl_rows(file: BinaryIO, columns: Columns) -> Iterator[Row]:
    position = 0
    for line, raw in enumerate(file, 1):
        position += len(raw)
        if raw.strip():
            yield _jsonl_row(line, raw, position, columns)


_objects = msgspec.json.Decoder(dict[str, Any])


def _jsonl_row(line: int, raw: bytes, position: int, columns: Columns) -> Row:
    try:
        named = _objects.decode(raw)
        values = {field: named[name] for name in named if (field := columns.field_of(name))}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return _unread(line, position, f"is not a JSON object: {error}")
    except ImportRefused as error:
        return _unread(line, position, str(error))
    return Row(line=line, values=values, position=position)


def _unread(line: int, position: int, why: str) -> Row:
    return Row(line=line, values={}, problem=InvalidField("", why), position=position)


def _open_parquet(path: Path, columns: Columns, stack: ExitStack) -> RowFile:
    file = stack.enter_context(pq.ParquetFile(path))
    names = file.schema_arrow.names
    fields = dict(zip(names, columns.fields_of(names), strict=True))
    wanted = {name: field for name, field in fields.items() if field}
    return RowFile(rows=_parquet_rows(file, wanted), size=file.metadata.num_rows)


def _parquet_rows(file: pq.ParquetFile, wanted: dict[str, str]) -> Iterator[Row]:
    line = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=list(wanted)):
        table = pa.Table.from_batches([batch]).select(list(wanted))
        for values in table.rename_columns(list(wanted.values())).to_pylist():
            line += 1
            yield Row(line=line, values=values, position=line)


_OPENERS: dict[str, Callable[[Path, Columns, ExitStack], RowFile]] = {
    ".csv": _open_csv,
    ".jsonl": _open_jsonl,
    ".parquet": _open_parquet,
}
