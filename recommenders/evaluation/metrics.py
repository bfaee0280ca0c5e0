"""The measures, as functions of arrays."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from recommenders.exceptions import EvaluationError

_CLIP = 1e-7  # a probability of exactly 0 or 1 in float32 would make one error infinite


def ndcg(hits: NDArray[np.bool_], relevant: NDArray[np.int64]) -> NDArray[np.float64]:
    """Binary nDCG@k per user.

    hits: (users, k), whether each place of the slate, best first, is relevant. relevant: number of
    relevant items per user, at least 1. The ideal slate has min(k, relevant) hits in front
    (Jarvelin and Kekalainen 2002, with gains of 0 and 1).
    """
    discounts = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    best = ideal[np.minimum(relevant, hits.shape[1])]
    return np.asarray(hits @ discounts / best, np.float64)


def hit_rate(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1.0 per user whose slate of k holds a relevant item, else 0.0. hits: (users, k)."""
    return np.asarray(hits.any(axis=1), np.float64)


def coverage(slates: NDArray[np.object_], n_items: int) -> float:
    """Share of the catalogue that is in anyone's slate, 0..1; None in a slate is padding."""
    return len({item for item in slates.ravel() if item is not None}) / n_items


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Probability that a clicked row scores above an unclicked one, ties counting half.

    From the rank sum of the clicked rows (Mann and Whitney 1947). Raises EvaluationError where
    all labels are the same.
    """
    clicked = np.asarray(labels).astype(bool)
    n_clicked = int(clicked.sum())
    n_rest = len(clicked) - n_clicked
    if not n_clicked or not n_rest:
        raise EvaluationError(f"AUC needs both kinds of rows: {n_clicked} clicked, {n_rest} not")
    ranks = rankdata(np.asarray(scores, dtype=np.float64))
    above = ranks[clicked].sum() - n_clicked * (n_clicked + 1) / 2
    return float(above / (n_clicked * n_rest))


def logloss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean negative log-likelihood in nats; probabilities are clipped to 1e-7 from 0 and 1."""
    clicked = np.asarray(labels).astype(bool)
    if not len(clicked):
        raise EvaluationError("logloss of 0 rows")
    p = np.clip(np.asarray(probabilities, dtype=np.float64), _CLIP, 1.0 - _CLIP)
    return float(-np.mean(np.log(np.where(clicked, p, 1.0 - p))))
