"""Which rows of a table's files are to go: duplicates, and records of people who were erased."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from events.data_files import DataFile, folder_of
from events.paths import literally
from events.records import Stream
from events.rewriting import Drops
from events.schema import KEYS

TAKEN_AT = 'coalesce(received_at, "at")'
"""When Winnow wrote a row down; exposures from before that was kept have their own time alone."""

ROWS = """(FROM read_parquet($files, union_by_name = true, filename = true, file_row_number = true)
    UNION ALL BY NAME SELECT NULL::TIMESTAMPTZ AS received_at WHERE false)"""
"""The rows of the files `$files`, each with its file and place, and `received_at` in any case."""

MEMORY = "1GB"  # beyond it DuckDB goes on on disk


def duplicates(
    table: DeltaTable, stream: Stream, files: Sequence[DataFile], fresh: Sequence[DataFile]
) -> Drops:
    """Of each id that is in `files` more than once, and in `fresh`, all rows but the first taken.

    `fresh` is some of `files`; the others hold no id twice among them.
    """
    of_fresh = "SEMI JOIN fresh USING (key)" if len(fresh) < len(files) else ""
    query = f"""
        WITH rows AS (
            SELECT {KEYS[stream]} AS key, {TAKEN_AT} AS taken, filename,
                   file_row_number AS row
            FROM {ROWS}),
        fresh AS (SELECT {KEYS[stream]} AS key FROM read_parquet($fresh)),
        twice AS (
            SELECT key FROM rows {of_fresh} GROUP BY key HAVING count(*) > 1)
        SELECT filename, row FROM rows SEMI JOIN twice USING (key)
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY taken, filename, row) > 1
    """  # noqa: S608
    return _drops(table, query, {"files": _paths(table, files), "fresh": _paths(table, fresh)})


def of_person(
    table: DeltaTable, stream: Stream, files: Sequence[DataFile], user: str, *, before: datetime
) -> Drops:
    """The person's rows that were taken by `before`, as `erased.is_taken_by` has it."""
    query = f"""
        SELECT filename, file_row_number FROM {ROWS}
        WHERE "user" = $user AND ({TAKEN_AT} <= $before OR {TAKEN_AT} > now())
    """  # noqa: S608
    return _drops(table, query, {"files": _paths(table, files), "user": user, "before": before})


def of_erased(
    table: DeltaTable,
    stream: Stream,
    files: Sequence[DataFile],
    erased: Mapping[str, datetime],
) -> Drops:
    """The rows of people of whom `erased` has the SHA-256, taken by the time it gives."""
    if not erased:
        return {}
    query = f"""
        SELECT filename, file_row_number
        FROM {ROWS}
        JOIN erased ON sha256("user") = erased.person AND {TAKEN_AT} <= erased.before
    """  # noqa: S608
    people = pa.table(
        {
            "person": list(erased),
            "before": pa.array(erased.values(), type=pa.timestamp("us", tz="UTC")),
        }
    )
    return _drops(table, query, {"files": _paths(table, files)}, erased=people)


def count(drops: Drops) -> int:
    """Rows in all."""
    return sum(len(rows) for rows in drops.values())


def both(first: Drops, second: Drops) -> Drops:
    """Rows that are in either."""
    return {
        path: np.union1d(
            first.get(path, np.empty(0, np.int64)), second.get(path, np.empty(0, np.int64))
        )
        for path in {*first, *second}
    }


@contextmanager
def frugal() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that keeps to a gigabyte of memory and goes on on disk beyond it."""
    with tempfile.TemporaryDirectory(prefix="winnow-") as spill, duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET temp_directory = $spill", {"spill": spill})
        yield connection


def _drops(table: DeltaTable, query: str, given: dict[str, Any], **tables: pa.Table) -> Drops:
    if not given["files"]:
        return {}
    with frugal() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        found = connection.execute(query, given).fetchnumpy()
    return dict(_grouped(folder_of(table), found["filename"], *list(found.values())[1:]))


def _grouped(folder: Path, paths: Any, rows: Any) -> Iterator[tuple[str, Any]]:
    names, which = np.unique(np.asarray(paths, dtype=str), return_inverse=True)
    for number, name in enumerate(names):
        yield (
            str(Path(name).relative_to(folder)),
            np.asarray(rows[which == number], dtype=np.int64),
        )


def _paths(table: DeltaTable, files: Iterable[DataFile]) -> list[str]:
    return literally(str(folder_of(table) / file.path) for file in files)
