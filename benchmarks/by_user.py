"""Recommenders on MovieLens 100k, cut 8:1:1 at random within each user. Prints JSON.

Settings are chosen on the first tenth. With those the second is looked at once: `ndcg` is of the
model of the eight tenths, `ndcg_refitted` of one that learned from the validation tenth too and is
told of it. Ranked are all items but those met in training or validation, as RecBole does, whose
samplers add up the phases (`used_ids`); its models learn from the eight tenths.
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
from recommenders.evaluation.tasks import Codes, Tasks, tasks

CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "popularity": [{}],
    "ease": grid(l2=(100.0, 200.0, 300.0, 500.0), dropout=(0.3, 0.5, 0.7)),
    "als": grid(factors=(32, 64), l2=(50.0, 70.0), alpha=(6.0, 8.0, 12.0)),
    "item_knn": grid(
        similarity=("cosine", "tfidf", "bm25"), normalise=(1.0, 0.8, 0.6), history_length=(1_000,)
    ),
    "bpr": grid(placing_l2=(0.1, 0.3)),
    "slim": [{"l1": l1, "l2": 300.0} for l1 in (0.5, 2.0)],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--only", choices=tuple(CANDIDATES), nargs="*")
    asked = parser.parse_args()
    data = Dataset.from_frames(films.frame(asked.cache).drop(columns="rating"))
    train, validation, test = random_by_user(data, (0.8, 0.1, 0.1), seed=42)
    known, _ = random_by_user(data, (0.9, 0.1), seed=42)
    chosen_by, judged_by = tasks(train, validation), tasks(train, test)
    refitted_by = tasks(known, test)
    answer: dict[str, Any] = {}
    for name in asked.only or CANDIDATES:
        candidates = CANDIDATES[name]
        models = [create(name, **config).fit(train, seed=42) for config in candidates]
        tried = [scored(model, chosen_by) for model in models]
        best = int(np.argmax(tried))
        refitted = create(name, **candidates[best]).fit(known, seed=42)
        answer[name] = {
            "settings": candidates[best],
            "validation_ndcg": tried,
            "ndcg": judged(models[best], judged_by, chosen_by),
            "ndcg_refitted": scored(refitted, refitted_by),
        }
        print(name, answer[name], file=sys.stderr, flush=True)
    print(json.dumps(answer, indent=2))


def scored(model: Algorithm[Any], asked: Tasks) -> float:
    """Mean nDCG@10 of users."""
    return round(float(ndcg(rank(model, asked, 10).hits, asked.counts).mean()), 4)


def judged(model: Algorithm[Any], asked: Tasks, left_out: Tasks) -> float:
    """As `scored`, without the items that are relevant in `left_out`."""
    ranked = rank(model, asked, 10 + int(left_out.counts.max()))
    owners = {user: place for place, user in enumerate(left_out.users)}
    slates = np.array(
        [
            _first(slate, left_out.relevant[left_out.owners == owners.get(user, -1)])
            for user, slate in zip(asked.users, ranked.slates, strict=True)
        ]
    )
    return round(float(ndcg(asked.is_relevant(slates), asked.counts).mean()), 4)


def _first(slate: Codes, left_out: Codes) -> Codes:
    return slate[~np.isin(slate, left_out)][:10]


if __name__ == "__main__":
    main()
