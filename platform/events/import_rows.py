"""Rows of a file of past behaviour, from CSV, JSON Lines or Parquet, each with its line number."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from events.exceptions import ImportRefused, InvalidField

REQUIRED = ("user", "item", "at")
COLUMNS = (*REQUIRED, "type", "value", "id")
BATCH_ROWS = 10_000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: `values` by column, or why it cannot be read.

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
def open_rows(path: Path) -> Iterator[RowFile]:
    """Open by extension: .csv, .jsonl or .parquet. Raises ImportRefused for what cannot be read."""
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise ImportRefused(f"{path.name}: the extension must be one of {', '.join(_OPENERS)}")
    with ExitStack() as stack:
        try:
            file = opener(path, stack)
        except (OSError, pa.ArrowException) as error:
            raise ImportRefused(f"{path.name} cannot be read: {error}") from error
        yield file


def _open_csv(path: Path, stack: ExitStack) -> RowFile:
    binary = stack.enter_context(path.open("rb"))
    # A byte that is no UTF-8 spoils its own row, not the import: it fails as half a surrogate pair.
    text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(stack.enter_context(text), strict=True)
    header = [name.strip() for name in next(reader, [])]
    _check_columns(path, header)
    return RowFile(rows=_csv_rows(reader, header, binary), size=path.stat().st_size)


def _csv_rows(reader: Any, header: list[str], binary: BinaryIO) -> Iterator[Row]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line=reader.line_num, values={}, problem=InvalidField("", str(error)))
            continue
        if cells:
            yield _csv_row(reader.line_num, header, cells, binary.tell())


def _csv_row(line: int, header: list[str], cells: list[str], position: int) -> Row:
    if len(cells) != len(header):
        problem = InvalidField("", f"has {len(cells)} cells; the header has {len(header)}")
        return Row(line=line, values={}, problem=problem, position=position)
    values: dict[str, Any] = {
        name: cell for name, cell in zip(header, cells, strict=True) if cell != ""
    }
    for name in ("value", "at"):
        values |= {name: _number_or_text(values[name])} if name in values else {}
    return Row(line=line, values=values, position=position)


def _number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _open_jsonl(path: Path, stack: ExitStack) -> RowFile:
    file = stack.enter_context(path.open("rb"))
    return RowFile(rows=_jsonl_rows(file), size=path.stat().st_size)


def _jsonl_rows(file: BinaryIO) -> Iterator[Row]:
    position = 0
    for line, raw in enumerate(file, 1):
        position += len(raw)
        if raw.strip():
            yield _jsonl_row(line, raw, position)


def _jsonl_row(line: int, raw: bytes, position: int) -> Row:
    try:
        values = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        problem = InvalidField("", f"is not a JSON object: {error}")
        return Row(line=line, values={}, problem=problem, position=position)
    return Row(line=line, values=values, position=position)


def _open_parquet(path: Path, stack: ExitStack) -> RowFile:
    file = stack.enter_context(pq.ParquetFile(path))
    _check_columns(path, file.schema_arrow.names)
    return RowFile(rows=_parquet_rows(file), size=file.metadata.num_rows)


def _parquet_rows(file: pq.ParquetFile) -> Iterator[Row]:
    line = 0
    for batch in file.iter_batches(BATCH_ROWS):
        for values in batch.to_pylist():
            line += 1
            yield Row(line=line, values=values, position=line)


def _check_columns(path: Path, names: list[str]) -> None:
    known = f"The columns are {', '.join(COLUMNS)}; type, value and id may be absent."
    for name in names:
        if name not in COLUMNS:
            raise ImportRefused(f"{path.name}: column {name!r} is not known. {known}")
    for name in REQUIRED:
        if name not in names:
            raise ImportRefused(f"{path.name}: column {name!r} is missing. {known}")
    if len(set(names)) < len(names):
        raise ImportRefused(f"{path.name}: a column is there twice. {known}")


_OPENERS: dict[str, Callable[[Path, ExitStack], RowFile]] = {
    ".csv": _open_csv,
    ".jsonl": _open_jsonl,
    ".parquet": _open_parquet,
}


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    """The row as the JSON an event comes in: ids of any integer type as text, times as RFC 3339.

    A number in `at` is seconds since 1970 in UTC. Raises InvalidField.
    """
    shaped = {name: value for name, value in values.items() if value is not None}
    for name in ("id", "user", "item"):
        if isinstance(shaped.get(name), int) and not isinstance(shaped[name], bool):
            shaped[name] = str(shaped[name])
    if not isinstance(shaped.get("at", ""), str):
        shaped["at"] = _rfc3339(shaped["at"])
    return shaped


def _rfc3339(value: object) -> str:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        pass
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat()
    raise InvalidField("at", "must be a time with a time zone, or seconds since 1970")
