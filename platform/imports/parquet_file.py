"""Rows of a Parquet file."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from imports.encoding import not_utf8
from imports.rows import Row, RowFile

BATCH_ROWS = 10_000


def open_parquet(path: Path, stack: ExitStack) -> RowFile:
    """Open the file. Raises OSError or an ArrowException."""
    file = stack.enter_context(pq.ParquetFile(path))

    def read(names: Mapping[str, str]) -> Iterator[Row]:
        return _rows(file, names)

    columns = list(file.schema_arrow.names)
    return RowFile(columns=columns, read=read, size=file.metadata.num_rows)


def _rows(file: pq.ParquetFile, names: Mapping[str, str]) -> Iterator[Row]:
    start = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=list(names)):
        yield from _of_batch(batch.select(list(names)).rename_columns(list(names.values())), start)
        start += batch.num_rows


def _of_batch(batch: pa.RecordBatch, start: int) -> Iterator[Row]:
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError as error:
        yield from _without_bad_text(batch, start, error)
        return
    for number, cells in enumerate(rows, start + 1):
        yield Row(line=number, position=number, cells=cells)


def _without_bad_text(
    batch: pa.RecordBatch, start: int, error: UnicodeDecodeError
) -> Iterator[Row]:
    """A batch is converted as a whole or not at all: halve it until the bad row is alone."""
    if batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _of_batch(batch.slice(0, half), start)
        yield from _of_batch(batch.slice(half), start + half)
        return
    why = not_utf8(error.object[error.start])
    yield Row(line=start + 1, position=start + 1, cells={}, problem=why)
