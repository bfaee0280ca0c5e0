"""An experiment's page of 12 metrics, 4 arms and 30 days: time, bytes, queries. Prints JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--arms", type=int, default=4, choices=(2, 3, 4))
    parser.add_argument("--rounds", type=int, default=15, help="requests of each kind")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        answer = _measured(Path(folder), asked)
    print(json.dumps({"processors": os.cpu_count(), **vars(asked)} | answer, indent=2))


def _measured(var: Path, asked: argparse.Namespace) -> dict[str, object]:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "WINNOW_VAR": str(var)}
    django.setup()
    from benchmarks.measures import experiment_page  # which needs it set up

    return experiment_page.measure(**vars(asked))


if __name__ == "__main__":
    main()
