"""Recommenders on grocery baskets: what is bought next, repeats allowed, or new only. Prints JSON.

The last 28 days are held out. Settings are chosen for each of both ways on the 28 days before; the
held-out days are looked at once for each, by models trained on all the days before.
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

from benchmarks.measures import baskets
from benchmarks.measures.tuning import grid
from recommenders.algorithms import Algorithm, create
from recommenders.dataset import Dataset
from recommenders.evaluation import Protocol
from recommenders.evaluation.ranked import ndcg
from recommenders.evaluation.ranking import rank
from recommenders.evaluation.tasks import Tasks, tasks

WAYS = {"repeats": True, "new_only": False}
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "repeat": grid(half_life_days=(60.0, 90.0), recency_power=(0.0, 0.05)),
    "popularity": grid(half_life_days=(0.0, 14.0)),
    "als": grid(factors=(32,), l2=(50.0, 200.0), alpha=(4.0, 10.0)),
    "user_knn": grid(similarity=("cosine", "tfidf"), k_neighbours=(200,)),
    "cooccurrence": grid(window=(5,), k_neighbours=(200,), recency_power=(0.0, 0.5)),
    "ease": grid(l2=(1_000.0,), dropout=(0.3, 0.7), max_items=(3_000,)),
    "bpr": [{"factors": 32, "epochs": 30, "placing_l2": 0.3}],
    "item_knn": grid(similarity=("tfidf",), history_length=(1_000,)),
    "slim": [{"l1": 5.0, "l2": 500.0, "max_items": 1_000, "epochs": 5}],
    "random": [{}],
}
Asked = dict[str, Tasks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--only", choices=tuple(CANDIDATES), nargs="*")
    asked = parser.parse_args()
    data = baskets.dataset(asked.cache)
    protocol = Protocol(name="temporal", days=28)
    train, held_out = protocol.split(data)
    folded = protocol.split(train)
    fold, test = (_asked(*parts) for parts in (folded, (train, held_out)))
    answer: dict[str, Any] = {"processors": os.cpu_count(), "load": os.getloadavg()[0]}
    for name in asked.only or CANDIDATES:
        tried = []
        for config in CANDIDATES[name]:
            model = create(name, **config).fit(folded[0], seed=42)
            tried.append({way: scored(model, fold[way]) for way in WAYS})
        answer[name] = {
            way: {
                "validation_ndcg": [scores[way] for scores in tried],
                **_judged(name, _best(name, [scores[way] for scores in tried]), train, test[way]),
            }
            for way in WAYS
        }
        print(name, json.dumps(answer[name]), file=sys.stderr, flush=True)
    print(json.dumps(answer, indent=2))


def _asked(train: Dataset, held_out: Dataset) -> Asked:
    """Whom to ask and what is relevant to them, both ways."""
    return {way: tasks(train, held_out, repeats=repeats) for way, repeats in WAYS.items()}


def scored(model: Algorithm[Any], asked: Tasks) -> float:
    """Mean nDCG@10 of households."""
    ranked = rank(model, asked, 10)
    return round(float(ndcg(ranked.hits, asked.counts).mean()), 4)


def _best(name: str, scores: list[float]) -> dict[str, Any]:
    return CANDIDATES[name][int(np.argmax(scores))]


def _judged(name: str, config: dict[str, Any], train: Dataset, asked: Tasks) -> dict[str, Any]:
    began = time.process_time()
    model = create(name, **config).fit(train, seed=42)
    worked = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return {
        "settings": config,
        "ndcg": scored(model, asked),
        "fit_processor_seconds": round(worked, 2),
        "artefact_megabytes": round(size / 1e6, 2),
    }


if __name__ == "__main__":
    main()
