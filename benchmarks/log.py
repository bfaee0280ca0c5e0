"""The log in figures: durable events a second, import, compaction and erasure. Prints JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import django

PARTS = ("ingestion", "past")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    parser.add_argument("--seconds", type=float, default=20.0, help="of sending events")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of past behaviour")
    asked = parser.parse_args()
    answer: dict[str, object] = {"processors": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        _set_up(Path(folder) / "own")
        from benchmarks.measures import ingestion, past

        if asked.only != "past":
            answer["ingestion"] = ingestion.measure(Path(folder) / "ingestion", asked.seconds)
        if asked.only != "ingestion":
            answer |= past.measure(Path(folder), asked.rows)
    print(json.dumps(answer, indent=2))


def _set_up(var: Path) -> None:
    """Winnow's settings, for its models to be importable, with no state in the checkout."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "WINNOW_VAR": str(var)}
    django.setup()


if __name__ == "__main__":
    main()
