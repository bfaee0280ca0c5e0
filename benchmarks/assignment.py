"""Buckets of many ids beside growthbook's, and one user among 50 experiments. Prints JSON."""

from __future__ import annotations

import argparse
import json
import os

from benchmarks.measures import buckets, routed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, default=4_000_000)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5, help="the best of which counts")
    asked = parser.parse_args()
    answer = {
        "processors": os.cpu_count(),
        "buckets": buckets.measure(asked.ids, asked.rounds),
        "assign": routed.measure(asked.users, asked.rounds),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
