"""Recommenders on MovieLens 100k, cut 8:1:1 at random within each user. Prints JSON.

Settings are chosen on the first tenth; the second is looked at once, by models trained on the
eight. All items but those met in training are ranked, as RecBole does.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures import films
from benchmarks.measures.tuning import grid
from recommenders.algorithms import Algorithm, create
from recommenders.dataset import Dataset
from recommenders.evaluation.ranked import ndcg
from recommenders.evaluation.ranking import rank
from recommenders.evaluation.splits import random_by_user
from recommenders.evaluation.tasks import Tasks, tasks

CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "popularity": [{}],
    "bpr": grid(placing_l2=(0.1, 0.3)),
    "als": grid(factors=(32, 64), l2=(50.0,), alpha=(6.0, 8.0, 12.0)),
    "ease": grid(l2=(200.0, 500.0), dropout=(0.3, 0.7)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    asked = parser.parse_args()
    data = Dataset.from_frames(films.frame(asked.cache).drop(columns="rating"))
    train, validation, test = random_by_user(data, (0.8, 0.1, 0.1), seed=42)
    chosen_by, judged_by = tasks(train, validation), tasks(train, test)
    answer: dict[str, Any] = {}
    for name, candidates in CANDIDATES.items():
        models = [create(name, **config).fit(train, seed=42) for config in candidates]
        tried = [scored(model, chosen_by) for model in models]
        best = int(np.argmax(tried))
        answer[name] = {
            "settings": candidates[best],
            "validation_ndcg": tried,
            "ndcg": scored(models[best], judged_by),
        }
        print(name, answer[name], file=sys.stderr, flush=True)
    print(json.dumps(answer, indent=2))


def scored(model: Algorithm[Any], asked: Tasks) -> float:
    """Mean nDCG@10 of users."""
    return round(float(ndcg(rank(model, asked, 10).hits, asked.counts).mean()), 4)


if __name__ == "__main__":
    main()
