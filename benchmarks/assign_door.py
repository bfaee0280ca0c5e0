"""Requests a second of /api/v1/assign, beside a view of Django's that does nothing. Prints JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn of a door")
    parser.add_argument("--rounds", type=int, default=4, help="turns of each door")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        answer = _measured(Path(folder), asked)
    print(json.dumps({"processors": os.cpu_count()} | answer, indent=2))


def _measured(var: Path, asked: argparse.Namespace) -> dict[str, object]:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "WINNOW_VAR": str(var)}
    django.setup()
    from benchmarks.measures import doors  # which needs it set up

    return doors.measure(var, asked.seconds, asked.rounds)


if __name__ == "__main__":
    main()
