"""`manage.py analyse` beside the same sums by a query written for them alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measures import child, made_log, twenty

FEW = 1_000
"""Events of a log so small that its analysis is all start-up."""


class Took(NamedTuple):
    """Of a whole process, interpreter included; and clicks and impressions by variant."""

    seconds: float
    peak_mb: int
    cpu_seconds: float
    counted: list[list[int]]


def measure(folder: Path, files: tuple[Path, Path], *, linked: bool, rounds: int) -> dict[str, Any]:
    """The best of some rounds of each, in processes of their own, turn by turn."""
    small = made_log.make(folder / "small", FEW, FEW // 10, linked=linked)
    jobs: dict[str, list[object]] = {
        "query": ["-m", "benchmarks.measures.by_hand", *files, "linked" if linked else "plain"],
        "ctr": _analysis(files, ["--metrics", "ctr"]),
        "twenty": _analysis(files, twenty.options(folder)),
        "small": _analysis(small, ["--metrics", "ctr"]),
    }
    found: dict[str, list[Took]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, arguments in jobs.items():
            found[name].append(_alone(folder, arguments))
    best = {name: min(took, key=lambda t: t.seconds) for name, took in found.items()}
    assert best["query"].counted == best["ctr"].counted == best["twenty"].counted
    cpu = {name: min(t.cpu_seconds for t in took) for name, took in found.items()}
    return (
        _figures(best)
        | _cpu(cpu)
        | {f"{name}_peak_mb": max(t.peak_mb for t in found[name]) for name in ("ctr", "twenty")}
    )


def _figures(best: dict[str, Took]) -> dict[str, Any]:
    query, ctr, all_twenty = (best[name].seconds for name in ("query", "ctr", "twenty"))
    return {
        "query_s": query,
        "ctr_s": ctr,
        "ctr_to_query": round(ctr / query, 2),
        "twenty_metrics_s": all_twenty,
        "twenty_to_ctr": round(all_twenty / ctr, 2),
        "start_up_s": best["small"].seconds,
        "start_up_share": round(best["small"].seconds / ctr, 2),
    }


def _cpu(seconds: dict[str, float]) -> dict[str, float]:
    return {
        **{f"{name}_cpu_s": found for name, found in seconds.items()},
        "ctr_to_query_cpu": round(seconds["ctr"] / seconds["query"], 2),
        "twenty_to_ctr_cpu": round(seconds["twenty"] / seconds["ctr"], 2),
    }


def _analysis(files: Sequence[Path], metrics: list[str]) -> list[object]:
    exposures, events = files
    as_of = ["--as-of", made_log.END.isoformat()]
    return [
        *("manage.py", "analyse", "--exposures", exposures, "--events", events),
        *(*metrics, *as_of, "--tuning", "2000000", "--json"),
    ]


def _alone(folder: Path, arguments: list[object]) -> Took:
    out = folder / "out.json"
    used = child.run(*arguments, var=folder / "var", out=out)
    print(f"{used.seconds} s: {' '.join(map(str, arguments[:2]))}", file=sys.stderr)
    return Took(*used, _counted(json.loads(out.read_bytes())))


def _counted(printed: Any) -> list[list[int]]:
    if isinstance(printed, list):
        return printed
    return sorted([arm["clicks"], arm["impressions"]] for arm in printed["arms"])
