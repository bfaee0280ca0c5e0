"""Rows of a Parquet file."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from imports.encoding import not_utf8
from imports.rows import MapCell, Row, RowFile

BATCH_ROWS = 1_000
BUFFER_BYTES = 2**20  # of a column; else all that a group of rows has of it would be read at once

Convert = Callable[[Any], object]


def open_parquet(path: Path, stack: ExitStack) -> RowFile:
    """Open the file. Raises OSError or an ArrowException."""
    file = stack.enter_context(pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False))

    def read(names: Mapping[str, str]) -> Iterator[Row]:
        return _rows(file, names)

    columns = list(file.schema_arrow.names)
    return RowFile(columns=columns, read=read, size=file.metadata.num_rows)


def _rows(file: pq.ParquetFile, names: Mapping[str, str]) -> Iterator[Row]:
    start = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=list(names)):
        named = batch.select(list(names)).rename_columns(list(names.values()))
        yield from _of_batch(named, start)
        start += batch.num_rows


def _of_batch(batch: pa.RecordBatch, start: int) -> Iterator[Row]:
    try:
        rows = batch.to_pylist()
    except (UnicodeDecodeError, OverflowError) as error:
        yield from _without_bad_row(batch, start, error)
        return
    objects = {field.name: as_ for field in batch.schema if (as_ := _object_of(field.type))}
    for number, cells in enumerate(rows, start + 1):
        for name, as_object in objects.items():
            if cells[name] is not None:
                cells[name] = as_object(cells[name])
        yield Row(line=number, position=number, cells=cells)


def _without_bad_row(
    batch: pa.RecordBatch, start: int, error: UnicodeDecodeError | OverflowError
) -> Iterator[Row]:
    """A batch is converted as a whole or not at all: halve it until the bad row is alone."""
    if batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _of_batch(batch.slice(0, half), start)
        yield from _of_batch(batch.slice(half), start + half)
        return
    if isinstance(error, UnicodeDecodeError):
        why = not_utf8(error.object[error.start])
    else:
        why = f"cannot be read: “{_overflowing(batch)}” is out of range ({error})"
    yield Row(line=start + 1, position=start + 1, cells={}, problem=why)


def _overflowing(batch: pa.RecordBatch) -> str:
    """The first column of the one row that holds a value Python has none for."""
    for name in batch.schema.names:
        try:
            batch[name].to_pylist()
        except OverflowError:
            return str(name)
    raise AssertionError("no column overflows by itself")


def _object_of(kind: pa.DataType) -> Convert | None:
    """What makes an object of a cell of this type. Of what is null in it, it says nothing."""
    if pa.types.is_map(kind):
        return lambda pairs: MapCell({k: v for k, v in pairs if v is not None})
    if pa.types.is_struct(kind):
        return lambda fields: {k: v for k, v in fields.items() if v is not None}
    return None
