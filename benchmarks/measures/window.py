"""The drain's window of recent ids: what a restart, its memory and a batch cost."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measures import child
from events.delta import LogTable
from events.schema import EVENTS

PIECE = 500_000
SPREAD = timedelta(hours=1)

LOAD = """
import json, pathlib, sys, time
from datetime import UTC, datetime
from events.delta import LogTable
from events.window import load_window
def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
table = LogTable(pathlib.Path(sys.argv[1]), "events")
before, begun = resident(), time.perf_counter()
window = load_window(table, datetime.now(UTC).date())
loaded, held = time.perf_counter() - begun, resident() - before
batches = [[f"{b}-{n:034}" for n in range(50_000)] for b in range(20)]
begun = time.perf_counter()
for ids in batches:
    assert not any(window.seen(ids))
    window.add(ids)
batch = (time.perf_counter() - begun) / len(batches)
assert all(window.seen(batches[0]))
answer = {"ids": len(window), "load_seconds": round(loaded, 1), "held_mb": round(held),
          "batch_of_50000_ms": round(1000 * batch, 1)}
pathlib.Path(sys.argv[2]).write_text(json.dumps(answer))
"""


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """Load the window of a table of `rows` events of the last hour, each with a UUID for an id."""
    folder.mkdir(parents=True)
    log_dir, answer = folder / "log", folder / "answer.json"
    _fill(LogTable(log_dir, "events"), rows)
    used = child.run("-c", LOAD, log_dir, answer, var=folder)
    found: dict[str, Any] = json.loads(answer.read_text())
    return found | {"rows": rows, "peak_mb": used.peak_mb}


def _fill(table: LogTable, rows: int) -> None:
    rng = np.random.default_rng(1)
    begin = datetime.now(UTC) - SPREAD
    for number, start in enumerate(range(0, rows, PIECE), 1):
        size = min(PIECE, rows - start)
        times = [begin + SPREAD * (start + size) / rows] * size
        table.append(_rows(rng, size, times), {"filled": number})


def _rows(rng: np.random.Generator, size: int, times: list[datetime]) -> pa.Table:
    given = {
        "id": [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(size)],
        "type": ["click"] * size,
        "user": np.char.add("u", rng.integers(500_000, size=size).astype(str)),
        "at": times,
        "received_at": times,
        "day": [times[0].date()] * size,
    }
    columns = [
        pa.array(given[field.name], field.type)
        if field.name in given
        else pa.nulls(size, field.type)
        for field in EVENTS
    ]
    return pa.Table.from_arrays(columns, schema=EVENTS)
