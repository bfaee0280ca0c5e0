"""How fast `compare` is: 100,000 comparisons at once, beside GrowthBook's `gbstats` one by one.

    PYTHONPATH=platform:. .venv/bin/python benchmarks/compare.py

Prints JSON. gbstats pins an old pandas, so it lives in a virtual environment of its own: made by
this script below `--cache`, or one that is there already, named by `--python`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from experiments.stats import CupedRatioSample, CupedSample, MeanSample, RatioSample, Settings
from experiments.stats import compare as compare_arms

ROOT = Path(__file__).parents[1]
PEER = Path(__file__).parent / "measures" / "gbstats_peer.py"
COMPARISONS, PEER_COMPARISONS, ROUNDS = 100_000, 2_000, 9
FIXED, SEQUENTIAL = Settings(method="fixed"), Settings()


def ratio(rng: np.random.Generator, size: int, lift: float) -> RatioSample:
    """Arms of 1,000 to 90,000 users with a CTR of about 5%, as sums possible data have."""
    n = np.floor(np.linspace(1_000, 90_000, size))
    ctr = 0.05 * lift * rng.normal(1, 0.02, size)
    return RatioSample(n, n * 12 * ctr, n * 1.9, n * 12, n * 300, n * 300 * ctr)


def cuped_ratio(post: RatioSample) -> CupedRatioSample:
    half = [np.asarray(value) / 2 for value in (post.numerator_squares, post.product)]
    return CupedRatioSample(
        post, post, half[0], half[1], half[1], np.asarray(post.denominator_squares) * 0.75
    )


def cuped_mean(sample: RatioSample) -> CupedSample:
    post = MeanSample(sample.n, sample.numerator, sample.numerator_squares)
    return CupedSample(post, post, np.asarray(post.total_squares) / 2)


def milliseconds(call: Callable[[], object]) -> float:
    """The best of a few rounds: what the machine can, with the least of what else it does."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken) * 1_000


def ours(control: RatioSample, treatment: RatioSample) -> dict[str, float]:
    """Milliseconds for all comparisons, by kind and method."""
    kinds: dict[str, tuple[Any, Any]] = {
        "ratio": (control, treatment),
        "cuped_ratio": (cuped_ratio(control), cuped_ratio(treatment)),
        "cuped_mean": (cuped_mean(control), cuped_mean(treatment)),
    }
    return {
        f"{name}_{settings.method}": milliseconds(partial(compare_arms, *arms, settings))
        for name, arms in kinds.items()
        for settings in (FIXED, SEQUENTIAL)
    }


def output(*command: str, given: str = "") -> str:
    """What a command prints. Raises CalledProcessError, with its errors, when it fails."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return done.stdout


def peer_python(cache: Path) -> Path:
    """The Python of a virtual environment with gbstats. Raises CalledProcessError if pip fails."""
    folder = cache / "gbstats"
    python = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        print(f"installing gbstats into {folder}, once", file=sys.stderr)
        output(sys.executable, "-m", "venv", "--clear", str(folder))
        output(str(python), "-m", "pip", "install", "-q", "gbstats==0.8.0")
        (folder / ".ready").touch()
    return python


def peer(python: Path, control: RatioSample, treatment: RatioSample) -> dict[str, Any]:
    """What gbstats takes for each comparison of the same sums, and that it finds the same."""
    given = {
        name: {field: np.asarray(value).tolist() for field, value in vars(arm).items()}
        for name, arm in (("control", control), ("treatment", treatment))
    }
    found = json.loads(output(str(python), str(PEER), given=json.dumps(given)))
    delta: Any = compare_arms(control, treatment, Settings(method="fixed", interval="delta"))
    np.testing.assert_allclose(delta.effect, found["effect"], rtol=1e-9)
    np.testing.assert_allclose(delta.low, found["low"], rtol=1e-7, atol=1e-9)
    return {"microseconds_each": found["seconds"] * 1e6, "same_results": True}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, default=ROOT / "var" / "benchmarks")
    parser.add_argument("--python", type=Path, help="a Python that has gbstats")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    arms = ratio(rng, COMPARISONS, 1.0), ratio(rng, COMPARISONS, 1.02)
    report: dict[str, Any] = {"comparisons": COMPARISONS, "milliseconds": ours(*arms)}
    report["microseconds_each"] = report["milliseconds"]["ratio_fixed"] * 1_000 / COMPARISONS
    few = ratio(rng, PEER_COMPARISONS, 1.0), ratio(rng, PEER_COMPARISONS, 1.02)
    try:
        python = options.python or peer_python(options.cache)
        report["gbstats"] = peer(python, *few)
        report["times_gbstats"] = (
            report["gbstats"]["microseconds_each"] / report["microseconds_each"]
        )
    except (OSError, subprocess.CalledProcessError) as error:
        last = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1:]
        report["gbstats"] = {"unavailable": " ".join(last)}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
