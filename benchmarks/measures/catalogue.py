"""A catalogue in a file, and its way into the database: at first, and again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks.measures import child

BRANDS = 5_000
PIECE = 1_000_000


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """Import `rows` items into an empty SQLite, then repeat it, as one does after a kill."""
    folder.mkdir(parents=True)
    file = folder / "items.csv"
    write(file, rows)
    child.run("manage.py", "migrate", "--verbosity", "0", var=folder)
    measured: dict[str, Any] = {"rows": rows, "file_mb": round(file.stat().st_size / 1e6)}
    for name in ("first", "repeated"):
        used = child.run("manage.py", "import_items", file, var=folder)
        measured[name] = {"rows_per_second": round(rows / used.seconds), **used._asdict()}
    return measured


def write(path: Path, rows: int) -> None:
    """A CSV of item, title, categories, brand and price, in no order of the item's id."""
    rng = np.random.default_rng(1)
    with pa.csv.CSVWriter(path, _piece(rng, np.arange(0), rows).schema) as writer:
        for start in range(0, rows, PIECE):
            writer.write_table(_piece(rng, np.arange(start, min(start + PIECE, rows)), rows))


def _piece(rng: np.random.Generator, numbers: np.typing.NDArray[np.int64], rows: int) -> pa.Table:
    # 7,919 is a prime: its multiples visit each number below `rows` once, far from one another.
    keys = (numbers * 7_919 % rows if rows % 7_919 else numbers).astype(str)
    first, second = rng.integers(40, size=(2, len(numbers))).astype(str)
    return pa.table(
        {
            "item": np.char.add("sku-", keys),
            "title": np.char.add("A thing of a shop, number ", keys),
            "categories": np.char.add(np.char.add(first, "|"), second),
            "brand": np.char.add("b", rng.integers(BRANDS, size=len(numbers)).astype(str)),
            "price": rng.integers(100, 100_000, size=len(numbers)),
        }
    )
