"""Past behaviour in a file, its way into the log, and what care of a log of that size takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks.measures import child
from events import data_files

USERS = 500_000
ITEMS = 20_000
DAYS = 30
START = 1_700_000_000
PIECE = 1_000_000

COMPACT = """
import sys, pathlib
from datetime import UTC, datetime, timedelta
from events.compaction import compact
compact(pathlib.Path(sys.argv[1]), "events", now=datetime.now(UTC) + timedelta(hours=2))
"""
ERASE = """
import sys, pathlib
from datetime import UTC, datetime
from events import erasure
log_dir, user = pathlib.Path(sys.argv[1]), sys.argv[2]
erasure.erase(log_dir, "events", user, before=datetime.now(UTC))
"""


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """Import `rows` rows in no order of time; compact the log; erase a person with about 20."""
    folder.mkdir(parents=True)
    file = folder / "past.csv"
    write(file, rows)
    log_dir = folder / "log"
    imported = child.run("manage.py", "import_events", file, var=folder)
    before = _files(log_dir)
    compacted = child.run("-c", COMPACT, log_dir, var=folder)
    after = _files(log_dir)
    erased = child.run("-c", ERASE, log_dir, "u7", var=folder)
    return {
        "import": {
            "rows": rows,
            "file_mb": round(file.stat().st_size / 1e6),
            "rows_per_second": round(rows / imported.seconds),
            **imported._asdict(),
        },
        "compaction": {"rows": rows, "files": [before, after], **compacted._asdict()},
        "erase": {"rows": rows, "days": DAYS, **erased._asdict()},
    }


def write(path: Path, rows: int) -> None:
    """A CSV of user, item, at, type, value over DAYS days, in no order: the worst for an import."""
    rng = np.random.default_rng(1)
    with pa.csv.CSVWriter(path, piece(rng, 0).schema) as writer:
        for start in range(0, rows, PIECE):
            writer.write_table(piece(rng, min(PIECE, rows - start)))


def piece(rng: np.random.Generator, rows: int) -> pa.Table:
    rated = rng.random(rows) < 0.3
    return pa.table(
        {
            "user": np.char.add("u", rng.integers(USERS, size=rows).astype(str)),
            "item": np.char.add("i", rng.integers(ITEMS, size=rows).astype(str)),
            "at": START + rng.integers(DAYS * 86_400, size=rows),
            "type": np.where(rated, "rating", "view"),
            "value": pa.array(rng.integers(1, 6, size=rows), mask=~rated),
        }
    )


def _files(log_dir: Path) -> int:
    table = data_files.open_table(log_dir, "events")
    return len(data_files.files_of(table)) if table else 0
