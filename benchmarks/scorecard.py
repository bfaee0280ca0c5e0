"""`manage.py analyse` beside a query by hand, and twenty metrics beside one. Prints JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from benchmarks.measures import made_log, scorecards


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--users", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="the best of which counts")
    parser.add_argument("--only", choices=("plain", "linked"), help="without or with request ids")
    asked = parser.parse_args()
    answer: dict[str, object] = {
        "processors": os.cpu_count(),
        "events": asked.events,
        "users": asked.users,
    }
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as name_of_folder:
        folder = Path(name_of_folder)
        for name in ("plain", "linked"):
            if asked.only in (None, name):
                linked = name == "linked"
                files = made_log.make(folder, asked.events, asked.users, linked=linked)
                answer[name] = scorecards.measure(folder, files, linked=linked, rounds=asked.rounds)
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
