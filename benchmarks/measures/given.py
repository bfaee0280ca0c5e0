"""Past behaviour with ids of its own: each chunk looks through the ids of all earlier ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks.measures import child
from benchmarks.measures.past import PIECE, piece

PARTS = 4

# The seconds that each quarter of the file took: they grow with the log.
IMPORT = f"""
import json, pathlib, sys, time
from datetime import UTC, datetime
from events.importing import import_events
file, log_dir, answer = map(pathlib.Path, sys.argv[1:])
marks, begun = [], time.perf_counter()
def progress(done, size):
    if done >= size * (len(marks) + 1) / {PARTS}:
        marks.append(time.perf_counter() - begun)
journal_dir = log_dir.parent / "journal"
import_events(
    file, log_dir=log_dir, journal_dir=journal_dir, now=datetime.now(UTC), progress=progress
)
marks[-1] = time.perf_counter() - begun
answer.write_text(json.dumps([b - a for a, b in zip([0, *marks], marks)]))
"""


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """Import `rows` rows, each with an id at random, into an empty log."""
    folder.mkdir(parents=True)
    file, answer = folder / "given.csv", folder / "quarters.json"
    write(file, rows)
    used = child.run("-c", IMPORT, file, folder / "log", answer, var=folder)
    return {
        "rows": rows,
        "file_mb": round(file.stat().st_size / 1e6),
        "rows_per_second": round(rows / used.seconds),
        "seconds_of_each_quarter": [round(s, 1) for s in json.loads(answer.read_text())],
        **used._asdict(),
    }


def write(path: Path, rows: int) -> None:
    """The CSV of `past.write`, with a column id of 32 hexadecimal digits."""
    rng = np.random.default_rng(1)
    with pa.csv.CSVWriter(path, _identified(rng, 0).schema) as writer:
        for start in range(0, rows, PIECE):
            writer.write_table(_identified(rng, min(PIECE, rows - start)))


def _identified(rng: np.random.Generator, rows: int) -> pa.Table:
    ids = [f"{high:016x}{low:016x}" for high, low in rng.integers(2**63, size=(rows, 2)).tolist()]
    return piece(rng, rows).append_column("id", pa.array(ids, pa.string()))
