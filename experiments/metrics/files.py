"""Tables from files, in a DuckDB that keeps to a limit of memory."""

import csv
import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
from ibis.expr.types import Table

from experiments.metrics.exceptions import UnusableFile

Files = Path | Sequence[Path]


@contextmanager
def tables(
    exposures: Files, events: Files, *, memory: str = "4GB", threads: int | None = None
) -> Iterator[tuple[Table, Table]]:
    """Exposures and events of Parquet or CSV files, for as long as the context lasts.

    Of several files, a column that only some have is null in the others. All columns of a CSV are
    text. What does not fit into `memory` is put aside in the system's temporary folder. `threads`
    None takes all processors. DuckDB's progress bar is off: it would be written among the output.
    Raises UnusableFile.
    """
    with TemporaryDirectory(prefix="winnow-analysis-") as scratch:
        limits: dict[str, str | int] = {"memory_limit": memory, "temp_directory": scratch}
        limits |= {"threads": threads} if threads else {}
        connection = ibis.duckdb.connect(**limits)
        connection.raw_sql("SET enable_progress_bar = false")
        try:
            yield _read(connection, exposures), _read(connection, events)
        finally:
            connection.disconnect()


def _read(connection: Any, files: Files) -> Table:
    paths = [files] if isinstance(files, Path) else list(files)
    if is_csv(paths[0]):
        return _together([_csv(connection, path) for path in paths])
    return connection.read_parquet([_literal(path) for path in paths], union_by_name=True)


def _csv(connection: Any, path: Path) -> Table:
    # Left to find out by itself how a file is written, DuckDB would pass over damaged lines.
    how: dict[str, Any] = {"auto_detect": False, "delim": ",", "quote": '"', "escape": '"'}
    columns = dict.fromkeys(_header(path), "VARCHAR")
    return connection.read_csv(_literal(path), header=True, columns=columns, **how)


def _together(files: list[Table]) -> Table:
    columns = list(dict.fromkeys(column for file in files for column in file.columns))
    alike = [
        file.select(**{c: file[c] if c in file.columns else ibis.null("string") for c in columns})
        for file in files
    ]
    return alike[0] if len(alike) == 1 else ibis.union(*alike)


def _literal(path: Path) -> str:
    """The path as a pattern: DuckDB takes every name for one."""
    return glob.escape(str(path))


def is_csv(path: Path) -> bool:
    """Whether the name says that it is a CSV file."""
    return path.suffix.lower() == ".csv"


def _header(path: Path) -> list[str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            columns = next(csv.reader(file), [])
    except UnicodeDecodeError as error:
        raise UnusableFile(path, "is not UTF-8: save it as UTF-8") from error
    if not columns or len(set(columns)) < len(columns):
        wrong = "names a column twice" if columns else "is empty"
        raise UnusableFile(path, wrong)
    return columns
