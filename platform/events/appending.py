"""New rows as data files, one for each day, on the disk before any commit names them."""

import json
import uuid
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from events import commits
from events.schema import PARTITION

PREFIX = "drained-"


def write_rows(folder: Path, rows: pa.Table) -> list[AddAction]:
    """Write the rows below the table's folder and force them to the disk; nothing is committed.

    What was written goes again where not all of it can be.
    """
    paths: list[Path] = []
    try:
        actions = [
            _write_day(folder, day, rows.filter(pc.equal(rows[PARTITION], day)), paths)
            for day in sorted(rows[PARTITION].unique().to_pylist())
        ]
        commits.sync(folder / path for path in paths)
    except BaseException:
        commits.forget(folder / path for path in paths)
        raise
    return actions


def _write_day(folder: Path, day: date, rows: pa.Table, paths: list[Path]) -> AddAction:
    path = Path(f"{PARTITION}={day}") / f"{PREFIX}{uuid.uuid4()}.parquet"
    (folder / path).parent.mkdir(exist_ok=True)
    paths.append(path)
    pq.write_table(rows.drop_columns([PARTITION]), folder / path, compression="snappy")
    return add_action(folder, path, day, rows.num_rows, data_change=True)


def add_action(folder: Path, path: Path, day: date, rows: int, *, data_change: bool) -> AddAction:
    """What a commit says of a new data file at `path` below the table's folder."""
    status = (folder / path).stat()
    # No smallest and largest values: they would keep ids of people in the transaction log.
    return AddAction(
        path=str(path),
        size=status.st_size,
        partition_values={PARTITION: day.isoformat()},
        modification_time=int(status.st_mtime * 1000),
        data_change=data_change,
        stats=json.dumps({"numRecords": rows}),
    )
