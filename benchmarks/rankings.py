"""Recommenders on MovieLens 100k: how well they rank, how long they take. Prints JSON.

Settings are chosen among a few by validation on three cuts of the training rows; the test rows are
looked at once, with the settings chosen.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures import films
from recommenders.algorithms import create
from recommenders.dataset import Dataset

FOLDS = (43, 44, 45)  # seeds of the cuts of the training rows; one alone chooses by its noise
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "popularity": [{}],
    "item_knn": [
        {"similarity": kind, "normalise": power, "k_neighbours": k, "history_length": 1_000}
        for kind in ("cosine", "tfidf")
        for power in (1.0, 0.8, 0.6)
        for k in (100, 200)
    ],
    "user_knn": [
        {"similarity": kind, "normalise": power, "k_neighbours": k}
        for kind in ("cosine", "tfidf")
        for power in (1.0, 0.8)
        for k in (100, 200)
    ],
    "slim": [{"l1": l1, "l2": 300.0} for l1 in (0.5, 2.0)],
    "als": [
        {"factors": factors, "l2": l2, "alpha": alpha}
        for factors in (32, 64, 96)
        for l2, alpha in ((50.0, 6.0), (50.0, 8.0), (70.0, 8.0), (70.0, 12.0))
    ],
    "bpr": [
        {"learning_rate": rate, "l2": l2, "epochs": 200, "placing_l2": placing}
        for rate, l2 in ((0.02, 0.01), (0.02, 0.03), (0.05, 0.05))
        for placing in (0.1, 0.3)
    ],
    "ease": [
        {"l2": l2, "dropout": dropout}
        for dropout in (0.0, 0.3, 0.5, 0.7, 0.8)
        for l2 in (100.0, 200.0, 300.0, 500.0, 700.0)
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--only", choices=tuple(CANDIDATES))
    asked = parser.parse_args()
    rows = films.frame(asked.cache)
    train, test = films.split(rows, seed=42)
    folds = [films.split(train, seed=seed) for seed in FOLDS]
    answer: dict[str, Any] = {"processors": os.cpu_count(), "load": os.getloadavg()[0]}
    for name in [asked.only] if asked.only else CANDIDATES:
        tried = [_validated(name, config, folds) for config in CANDIDATES[name]]
        best = CANDIDATES[name][int(np.argmax(tried))]
        answer[name] = {
            "settings": best,
            "validation_ndcg": [round(score, 4) for score in tried],
            **_judged(name, best, train, test),
        }
        print(name, answer[name], file=sys.stderr)
    print(json.dumps(answer, indent=2))


def _validated(name: str, config: dict[str, Any], folds: list[tuple[Any, Any]]) -> float:
    scores = [
        films.judged(create(name, **config).fit(Dataset.from_frames(train), seed=42), held_out)
        for train, held_out in folds
    ]
    return float(np.mean([score["ndcg"] for score in scores]))


def _judged(name: str, config: dict[str, Any], train: Any, held_out: Any) -> dict[str, Any]:
    data = Dataset.from_frames(train)
    began, idle = time.perf_counter(), time.process_time()
    model = create(name, **config).fit(data, seed=42)
    fitted, worked = time.perf_counter(), time.process_time()
    users = list(model.users.ids(np.arange(len(model.users))))
    model.recommend(users, films.K)
    answered, done = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return {
        **films.judged(model, held_out),
        "fit_seconds": round(fitted - began, 2),
        "fit_processor_seconds": round(worked - idle, 2),
        "all_users_seconds": round(answered - fitted, 3),
        "all_users_processor_seconds": round(done - worked, 3),
        "artefact_megabytes": round(size / 1e6, 2),
    }


if __name__ == "__main__":
    main()
