"""The log in figures: durable events a second, imports, compaction and erasure. Prints JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import django

PARTS = ("ingestion", "past", "given", "items", "window")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    parser.add_argument("--seconds", type=float, default=20.0, help="of sending events")
    parser.add_argument(
        "--rows", type=int, default=10_000_000, help="of each import, and of the window's table"
    )
    asked = parser.parse_args()
    answer: dict[str, object] = {"processors": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        _set_up(Path(folder) / "own")
        answer |= _measured(Path(folder), (asked.only,) if asked.only else PARTS, asked)
    print(json.dumps(answer, indent=2))


def _measured(folder: Path, parts: tuple[str, ...], asked: argparse.Namespace) -> dict[str, object]:
    from benchmarks.measures import catalogue, given, ingestion, past, window

    found: dict[str, object] = {}
    if "ingestion" in parts:
        found["ingestion"] = ingestion.measure(folder / "ingestion", asked.seconds)
    if "past" in parts:
        found |= past.measure(folder / "past", asked.rows)
    if "given" in parts:
        found["import_with_ids"] = given.measure(folder / "given", asked.rows)
    if "items" in parts:
        found["import_items"] = catalogue.measure(folder / "items", asked.rows)
    if "window" in parts:
        found["window"] = window.measure(folder / "window", asked.rows)
    return found


def _set_up(var: Path) -> None:
    """Winnow's settings, for its models to be importable, with no state in the checkout."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "WINNOW_VAR": str(var)}
    django.setup()


if __name__ == "__main__":
    main()
