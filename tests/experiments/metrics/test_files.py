"""Files are read by a DuckDB that keeps to its limits, and leaves nothing behind."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.metrics.files import tables
from tests.experiments.metrics.conftest import seconds


def test_tables_of_files_hold_their_rows_under_the_limits(tmp_path: Path) -> None:
    exposures, events = tmp_path / "exposures.parquet", tmp_path / "events.parquet"
    pq.write_table(pa.table({"user": ["u"], "variant": ["A"], "at": [seconds(0)]}), exposures)
    pq.write_table(pa.table({"type": ["click"], "user": ["u"], "at": [seconds(1)]}), events)

    with tables(exposures, events, memory="512MiB", threads=1) as (served, done):
        backend = served.get_backend()
        limits = {
            name: backend.raw_sql(f"SELECT current_setting('{name}')").fetchone()[0]
            for name in ("memory_limit", "threads", "temp_directory", "TimeZone")
        }
        assert (served.count().to_pyarrow().as_py(), done.type.to_pyarrow().to_pylist()) == (
            1,
            ["click"],
        )

    assert (limits["memory_limit"], limits["threads"], limits["TimeZone"]) == (
        "512.0 MiB",
        1,
        "UTC",
    )
    assert not Path(limits["temp_directory"]).exists()
