"""Tables from files, in a DuckDB that keeps to a limit of memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
from ibis.expr.types import Table


@contextmanager
def tables(
    exposures: Path, events: Path, *, memory: str = "4GB", threads: int | None = None
) -> Iterator[tuple[Table, Table]]:
    """Exposures and events of Parquet files, for as long as the context lasts.

    What does not fit into `memory` is put aside in the system's temporary folder. `threads` None
    takes all processors. DuckDB's progress bar is off: it would be written among the output.
    """
    with TemporaryDirectory(prefix="winnow-analysis-") as scratch:
        limits: dict[str, str | int] = {"memory_limit": memory, "temp_directory": scratch}
        limits |= {"threads": threads} if threads else {}
        connection = ibis.duckdb.connect(**limits)
        connection.raw_sql("SET enable_progress_bar = false")
        try:
            yield connection.read_parquet(exposures), connection.read_parquet(events)
        finally:
            connection.disconnect()
