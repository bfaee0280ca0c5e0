"""The rows of a file of items, as they lie there: CSV with a header, JSON Lines or Parquet."""

from __future__ import annotations

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

from recommenders.exceptions import ItemFileError

BATCH_ROWS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class RawRow:
    """Cells by column, or why there are none.

    `line` counts from 1; in Parquet it is the row. `position` is how far the file is read, in the
    unit of `RawFile.size`.
    """

    line: int
    position: int
    cells: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """An open file: its columns (None where each row has its own), its rows, once, and its size
    in bytes (in Parquet, rows).
    """

    columns: list[str] | None
    rows: Iterator[RawRow]
    size: int


@contextmanager
def open_raw(path: Path) -> Iterator[RawFile]:
    """Open by extension: .csv, .jsonl or .parquet. Raises ItemFileError for what cannot be read."""
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise ItemFileError(f"{path.name}: the extension must be one of {', '.join(_OPENERS)}.")
    with ExitStack() as stack:
        try:
            file = opener(path, stack)
        except (OSError, pa.ArrowException, csv.Error) as error:
            raise ItemFileError(f"{path.name} cannot be read: {error}.") from error
        yield RawFile(columns=file.columns, rows=_readable(path, file.rows), size=file.size)


def _readable(path: Path, rows: Iterator[RawRow]) -> Iterator[RawRow]:
    try:
        yield from rows
    except (OSError, pa.ArrowException) as error:
        raise ItemFileError(f"{path.name} cannot be read to its end: {error}.") from error


def _open_csv(path: Path, stack: ExitStack) -> RawFile:
    binary = stack.enter_context(path.open("rb"))
    # A byte that is no UTF-8 spoils its own row: it becomes half a surrogate pair.
    text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(stack.enter_context(text), strict=True)
    columns = [name.strip() for name in next(reader, [])]
    rows = _csv_rows(reader, columns, binary)
    return RawFile(columns=columns, rows=rows, size=path.stat().st_size)


def _csv_rows(reader: Any, columns: list[str], binary: BinaryIO) -> Iterator[RawRow]:
    while True:
        cells: list[str] = []
        problem = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"is not CSV: {error}"
        if cells and len(cells) != len(columns):
            problem = f"has {len(cells)} cells; the header has {len(columns)}"
        if cells or problem:
            found = {} if problem else dict(zip(columns, cells, strict=True))
            yield RawRow(line=reader.line_num, position=binary.tell(), cells=found, problem=problem)


def _open_jsonl(path: Path, stack: ExitStack) -> RawFile:
    file = stack.enter_context(path.open("rb"))
    return RawFile(columns=None, rows=_jsonl_rows(file), size=path.stat().st_size)


def _jsonl_rows(file: BinaryIO) -> Iterator[RawRow]:
    position = 0
    for line, raw in enumerate(file, 1):
        position += len(raw)
        if not raw.strip():
            continue
        cells: dict[str, Any] = {}
        problem = ""
        try:
            cells = msgspec.json.decode(raw, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            problem = f"is not a JSON object: {error}"
        yield RawRow(line=line, position=position, cells=cells, problem=problem)


def _open_parquet(path: Path, stack: ExitStack) -> RawFile:
    file = stack.enter_context(pq.ParquetFile(path))
    columns = file.schema_arrow.names
    return RawFile(columns=columns, rows=_parquet_rows(file), size=file.metadata.num_rows)


def _parquet_rows(file: pq.ParquetFile) -> Iterator[RawRow]:
    row = 0
    for batch in file.iter_batches(BATCH_ROWS):
        for cells in batch.to_pylist():
            row += 1
            yield RawRow(line=row, position=row, cells=cells)


_OPENERS: dict[str, Callable[[Path, ExitStack], RawFile]] = {
    ".csv": _open_csv,
    ".jsonl": _open_jsonl,
    ".parquet": _open_parquet,
}
