"""Time GrowthBook's `gbstats`, run by the Python of a virtual environment that has it.

Reads {"comparisons": n, "fields": {...}} from standard input: the arms' sums, one list each.
Prints seconds per comparison and the results, so that the caller can see that both computed the
same.
"""

import json
import sys
import time
from typing import Any

from gbstats.frequentist.tests import (  # type: ignore[import-not-found]
    FrequentistConfig,
    TwoSidedTTest,
)
from gbstats.models.statistics import (  # type: ignore[import-not-found]
    RatioStatistic,
    SampleMeanStatistic,
)

ROUNDS = 3


def arms(fields: dict[str, list[float]]) -> list[Any]:
    """The statistics of one arm, for every comparison."""
    return [
        RatioStatistic(
            n=int(n),
            m_statistic=SampleMeanStatistic(n=int(n), sum=top, sum_squares=top2),
            d_statistic=SampleMeanStatistic(n=int(n), sum=bottom, sum_squares=bottom2),
            m_d_sum_of_products=product,
        )
        for n, top, top2, bottom, bottom2, product in zip(*fields.values(), strict=True)
    ]


def main() -> None:
    given = json.load(sys.stdin)
    pairs = list(zip(arms(given["control"]), arms(given["treatment"]), strict=True))
    config = FrequentistConfig(difference_type="relative")
    best, results = float("inf"), []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        results = [TwoSidedTTest(a, b, config).compute_result() for a, b in pairs]
        best = min(best, time.perf_counter() - start)
    json.dump(
        {
            "seconds": best / len(pairs),
            "effect": [float(result.expected) for result in results],
            "low": [float(result.ci[0]) for result in results],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
