"""MovieLens 100k, split as the usual table of recommenders splits it, and how good a ranking is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recommenders.algorithms import Algorithm
from recommenders.evaluation.ranked import average_precision, ndcg
from simulator import movielens

K = 10


def frame(cache: Path) -> pd.DataFrame:
    """All ratings: user, item, rating, at; the wheel is put into `cache` once."""
    films = movielens.read(cache)
    items = np.array([item.key for item in films.items], dtype=object)
    return pd.DataFrame(
        {
            "user": np.array(films.people, dtype=object)[films.person],
            "item": items[films.item],
            "rating": films.rating,
            "at": films.second,
        }
    )


def split(rows: pd.DataFrame, seed: int, ratio: float = 0.75) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cuts the shuffled rows of each item, as `python_stratified_split(filter_by="item")` of
    Microsoft's recommenders does: numpy's global generator, and the even number at a half.
    """
    drawn = np.random.RandomState(seed).rand(len(rows))
    order = np.lexsort((drawn, rows["item"].to_numpy(dtype=str)))
    shuffled = rows.iloc[order]
    of_item = shuffled.groupby("item", sort=False)["item"]
    place, count = of_item.cumcount() + 1, of_item.transform("count")
    first = place <= np.round(ratio * count.astype(float))
    return shuffled[first], shuffled[~first]


def judged(model: Algorithm[Any], held_out: pd.DataFrame) -> dict[str, float]:
    """Means over the users of the held-out rows, all of which are relevant; seen items removed.

    `map` divides the precisions at hits by all relevant items of the user, as the published table
    does; `map_capped` by at most k.
    """
    of_user = held_out.groupby("user")["item"]
    relevant = {str(user): set(items) for user, items in of_user}
    users = sorted(relevant)
    slates, _ = model.recommend(users, K)
    hits = np.array(
        [
            [item in relevant[user] for item in slate]
            for user, slate in zip(users, slates, strict=True)
        ]
    )
    wanted = np.array([len(relevant[user]) for user in users])
    return {
        "map": round(float(average_precision(hits, wanted).mean()), 4),
        "map_capped": round(float(average_precision(hits, wanted, capped=True).mean()), 4),
        "ndcg": round(float(ndcg(hits, wanted).mean()), 4),
    }
