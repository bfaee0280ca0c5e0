"""Recommenders on sequences of what people bought: the next item, ranked among all. Prints JSON.

The last item of each person is the test, the one before it the validation, the rest the training.
Settings are chosen on the validation item; the test item is looked at once, by the model trained on
the training part alone, which is given the validation item as part of the history.
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
import pandas as pd

from benchmarks.measures import tuning
from recommenders.algorithms import Algorithm, create
from recommenders.dataset import Dataset

FOLDER = "WINNOW_SEQUENCES"
NAMES = ("beauty", "toys")
K = 10
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "popularity": [{}],
    "cooccurrence": tuning.grid(
        normalise=(0.3, 0.5), gap_power=(0.5, 1.0), recency_power=(0.7, 1.0)
    ),
}
Sequences = dict[str, list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get(FOLDER),
        help=f"the folder of beauty.txt and toys.txt; by default that of {FOLDER}",
    )
    parser.add_argument("--only", choices=tuple(CANDIDATES))
    asked = parser.parse_args()
    answer: dict[str, Any] = {"processors": os.cpu_count(), "load": os.getloadavg()[0]}
    for name in NAMES:
        path = asked.data / f"{name}.txt" if asked.data else None
        if path is None or not path.is_file():
            answer[name] = f"not measured: name the folder of {name}.txt with --data or {FOLDER}"
            continue
        people = read(path)
        answer[name] = {
            algorithm: _measured(algorithm, people)
            for algorithm in ([asked.only] if asked.only else CANDIDATES)
        }
    print(json.dumps(answer, indent=2))


def read(path: Path) -> Sequences:
    """Item ids by user, oldest first: one line a user, the user's id first."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0]: words[1:] for words in lines if words}


def _measured(name: str, people: Sequences) -> dict[str, Any]:
    data = _dataset({user: items[:-2] for user, items in people.items()})
    tried = []
    for config in CANDIDATES[name]:
        model = create(name, **config).fit(data, seed=42)
        tried.append(judged(model, people, place=-2)["ndcg"])
        print(name, config, tried[-1], file=sys.stderr)
    best = CANDIDATES[name][int(np.argmax(tried))]
    began = time.perf_counter()
    model = create(name, **best).fit(data, seed=42)
    fitted = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return {
        "settings": best,
        "validation_ndcg": [round(score, 4) for score in tried],
        **judged(model, people, place=-1),
        "fit_seconds": round(fitted - began, 2),
        "artefact_megabytes": round(size / 1e6, 2),
    }


def _dataset(people: Sequences) -> Dataset:
    rows = [(user, item) for user, items in people.items() for item in items]
    return Dataset.from_frames(pd.DataFrame(rows, columns=["user", "item"]))


def judged(model: Algorithm[Any], people: Sequences, *, place: int) -> dict[str, float]:
    """Of the item at `place` of each sequence, given those before it and ranked among all others:
    the share found in the first 10, and the mean nDCG, which of one item is 1 / log2(rank + 1).
    """
    users = list(people)
    before = [people[user][:place] for user in users]
    slates = np.concatenate(
        [
            model.recommend(users[first : first + 1_000], K, histories=before[first:][:1_000])[0]
            for first in range(0, len(users), 1_000)
        ]
    )
    wanted = np.array([people[user][place] for user in users], dtype=object)
    hits = slates == wanted[:, None]
    return {
        "hit_rate": round(float(hits.any(axis=1).mean()), 4),
        "ndcg": round(float((hits / np.log2(np.arange(2, K + 2))).sum(axis=1).mean()), 4),
    }


if __name__ == "__main__":
    main()
