"""Writing the rows of some files into few large ones, leaving out those that are to go."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from events import commits
from events.appending import add_action
from events.data_files import CHECKED, DataFile, folder_of
from events.schema import PARTITION

TARGET_BYTES = 128 * 2**20
ROW_GROUP = 131_072

PLAIN = "part-"

Rows = npt.NDArray[np.int64]
Drops = Mapping[str, Rows]  # row numbers by a file's path below the table's folder


def rewrite(
    table: DeltaTable,
    files: Sequence[DataFile],
    drops: Drops,
    *,
    checked: bool,
    target_bytes: int = TARGET_BYTES,
) -> list[AddAction]:
    """Write the files' rows, all of one day, without `drops`; a new file from `target_bytes` on.

    Nothing is committed: see `data_files.replace`; where it fails, nothing is left. One row group
    of 131,072 rows is in memory at a time. A column that a file does not have, because it is older
    than the column, is null there. `checked` says that the new files and the day's other checked
    ones hold no id twice.
    """
    days = {file.day for file in files}
    if len(days) != 1:
        raise ValueError(f"files of one day are rewritten together, not of {len(days)}")
    writer = _Writer(table, days.pop(), CHECKED if checked else PLAIN, target_bytes)
    try:
        for group in _row_groups(_kept(table, files, drops)):
            writer.write(group)
        writer.end_file()
    except BaseException:
        writer.forget()
        raise
    return writer.written


def _kept(table: DeltaTable, files: Sequence[DataFile], drops: Drops) -> Iterator[pa.Table]:
    schema = _schema(table)
    nothing = np.empty(0, dtype=np.int64)
    for file in files:
        start = 0
        for batch in pq.ParquetFile(folder_of(table) / file.path).iter_batches(ROW_GROUP):
            keep = np.ones(batch.num_rows, dtype=bool)
            out = drops.get(file.path, nothing) - start
            keep[out[(out >= 0) & (out < batch.num_rows)]] = False
            start += batch.num_rows
            yield _conform(batch, schema).filter(pa.array(keep))


def _schema(table: DeltaTable) -> pa.Schema:
    """The table's columns without the partition's, which is in the files' paths."""
    schema = pa.schema(table.schema().to_arrow())
    return schema.remove(schema.get_field_index(PARTITION))


def _conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _row_groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.concat_tables(waiting)


class _Writer:
    """Rows into files below the day's folder; `written` names those that are finished."""

    def __init__(self, table: DeltaTable, day: date, prefix: str, target_bytes: int) -> None:
        self.written: list[AddAction] = []
        self._folder = folder_of(table)
        self._day = day
        self._prefix = prefix
        self._target = target_bytes
        self._paths: list[Path] = []
        self._rows = 0
        self._open: tuple[pq.ParquetWriter, pa.NativeFile] | None = None

    def write(self, group: pa.Table) -> None:
        if self._open is None:
            self._open = self._begin_file(group.schema)
        file, sink = self._open
        file.write_table(group, row_group_size=2 * ROW_GROUP)
        self._rows += group.num_rows
        if sink.tell() >= self._target:
            self.end_file()

    def end_file(self) -> None:
        if self._open is None:
            return
        for part in self._open:
            part.close()
        self._open = None
        self.written.append(
            add_action(self._folder, self._paths[-1], self._day, self._rows, data_change=False)
        )
        self._rows = 0

    def forget(self) -> None:
        """Delete what was written, whole or not."""
        for part in self._open or ():
            with suppress(OSError, pa.ArrowException):  # the disk that took no rows takes no end
                part.close()
        commits.forget(self._folder / path for path in self._paths)

    def _begin_file(self, schema: pa.Schema) -> tuple[pq.ParquetWriter, pa.NativeFile]:
        path = Path(f"{PARTITION}={self._day}") / f"{self._prefix}{uuid.uuid4()}.parquet"
        self._paths.append(path)
        sink = pa.OSFile(str(self._folder / path), "wb")
        return pq.ParquetWriter(sink, schema, compression="snappy"), sink
