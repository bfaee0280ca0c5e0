"""How well slates were ranked, one figure per user.

All take `hits` of shape (users, k): whether each place of the slate, best first, is relevant; and
those that compare with what there was to find take `relevant`, the number of relevant items of each
user, at least 1. A slate with fewer than k items has no hits at its end, so a model that shows
nothing scores 0.
"""

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Counts = NDArray[np.integer]
PerUser = NDArray[np.float64]


def precision(hits: Hits) -> PerUser:
    """Share of the k places that are relevant."""
    return np.asarray(hits.mean(axis=1), np.float64)


def recall(hits: Hits, relevant: Counts) -> PerUser:
    """Share of the relevant items that are in the slate."""
    return np.asarray(hits.sum(axis=1) / relevant, np.float64)


def hit_rate(hits: Hits) -> PerUser:
    """1.0 where the slate holds a relevant item, else 0.0."""
    return np.asarray(hits.any(axis=1), np.float64)


def reciprocal_rank(hits: Hits) -> PerUser:
    """1 / place of the first relevant item, 0.0 where there is none (Voorhees 1999)."""
    return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0)


def average_precision(hits: Hits, relevant: Counts, *, capped: bool = False) -> PerUser:
    """Precision at each hit, summed, over the number of relevant items.

    The mean over users is MAP@k. Divided by all relevant items, as the usual table of MovieLens
    100k does, so that a slate of k cannot reach 1 where more than k are relevant; `capped` divides
    by at most k.
    """
    k = hits.shape[1]
    at_hits = (np.cumsum(hits, axis=1) / np.arange(1, k + 1) * hits).sum(axis=1)
    return np.asarray(at_hits / (np.minimum(relevant, k) if capped else relevant), np.float64)


def ndcg(hits: Hits, relevant: Counts) -> PerUser:
    """Binary nDCG@k.

    The ideal slate has min(k, relevant) hits in front (Jarvelin and Kekalainen 2002, with gains of
    0 and 1).
    """
    discounts = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    best = ideal[np.minimum(relevant, hits.shape[1])]
    return np.asarray(hits @ discounts / best, np.float64)
