"""`bucket_many` on a matrix and on arrays, and what growthbook does one id at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from growthbook.core import gbhash

from benchmarks.measures.timing import best
from experiments.assignment import bucket, bucket_many

SEED = "7f3a9c1e5b2d4860"
AIM_PER_SECOND = 20_000_000
AIM_TIMES = 40
ONE_BY_ONE = 20  # one id by itself takes so much longer that a part of them is enough


def measure(ids: int, rounds: int) -> dict[str, Any]:
    """Ids a second, of 12 characters and of 2 to 12. All ways must find the same buckets."""
    alike = [f"user-{n:07d}" for n in range(ids)]
    matrix = np.frombuffer("".join(alike).encode(), dtype=np.uint8).reshape(ids, 12)
    rng = np.random.default_rng(1)
    unlike = [f"u{n}" for n in np.floor(10 ** rng.uniform(0, 11, ids)).astype(int).tolist()]
    some = alike[: ids // ONE_BY_ONE]

    peer = [round(gbhash(SEED, one, 2) * 10_000) for one in some]  # type: ignore[operator]
    assert bucket_many(SEED, matrix)[: len(some)].tolist() == peer
    assert [bucket(SEED, one) for one in some] == peer

    figures = {
        "matrix": _per_second(matrix, rounds),
        "arrow": _per_second(pa.array(alike), rounds),
        "arrow_of_many_lengths": _per_second(pa.array(unlike), rounds),
        "bucket": len(some) / best(lambda: [bucket(SEED, one) for one in some], rounds),
        "growthbook": len(some) / best(lambda: [gbhash(SEED, one, 2) for one in some], rounds),
    }
    return {
        "ids": ids,
        "per_second": {name: round(figure) for name, figure in figures.items()},
        "arrow_times_growthbook": round(figures["arrow"] / figures["growthbook"], 1),
        "aims": {"matrix": AIM_PER_SECOND, "arrow_times_growthbook": AIM_TIMES},
    }


def _per_second(units: Any, rounds: int) -> float:
    return len(units) / best(lambda: bucket_many(SEED, units), rounds)
