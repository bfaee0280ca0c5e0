"""One slate out of 100,000 items of 64 numbers, by `als`, on one thread. Prints JSON.

Each question has a history of its own, by which the person is placed first. Set
OPENBLAS_NUM_THREADS=1 to keep BLAS to one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from recommenders.algorithms import create, load
from recommenders.dataset import Dataset

ITEMS, FACTORS, HISTORY, K = 100_000, 64, 30, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=500)
    asked = parser.parse_args()
    rng = np.random.default_rng(42)
    rows = rng.permutation(np.repeat(np.arange(ITEMS), 3))
    users = np.repeat(np.arange(len(rows) // HISTORY), HISTORY)
    data = Dataset.from_frames(pd.DataFrame({"user": users, "item": rows}))
    model = create("als", factors=FACTORS, epochs=2, l2=1.0).fit(data, seed=42)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1, "blas"):
        model.save(folder)
        model = load(folder)
        taken, worked = [], []
        for _ in range(asked.questions):
            history = [str(one) for one in rng.choice(ITEMS, HISTORY, replace=False)]
            began, idle = time.perf_counter(), time.thread_time()
            model.recommend(["x"], K, histories=[history])
            taken.append(time.perf_counter() - began)
            worked.append(time.thread_time() - idle)
    answer = {
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "median_ms": round(1000 * float(np.median(taken)), 2),
        "fastest_ms": round(1000 * min(taken), 2),
        "processor_median_ms": round(1000 * float(np.median(worked)), 2),
        "processor_fastest_ms": round(1000 * min(worked), 2),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
