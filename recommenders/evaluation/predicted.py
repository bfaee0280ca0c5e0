"""How good the probabilities of single clicks are: AUC and logloss, and each user's part in them.

The parts of the users are numbers whose mean is the figure itself and whose spread is that of the
figure (its influence function), so that what works on per-user means works on these too. They are
exact for the mean and correct to first order for its standard error.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from recommenders.exceptions import EvaluationError

Floats = NDArray[np.float64]

_CLIP = 1e-7  # a probability of exactly 0 or 1 in float32 would make one error infinite


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Probability that a clicked row scores above an unclicked one, ties counting half.

    From the rank sum of the clicked rows (Mann and Whitney 1947). Raises EvaluationError where
    all labels are the same.
    """
    clicked = np.asarray(labels).astype(bool)
    return float(_above(clicked, np.asarray(scores, np.float64))[clicked].mean())


def logloss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean negative log-likelihood in nats; probabilities are clipped to 1e-7 from 0 and 1."""
    return float(_losses(labels, probabilities).mean())


def auc_parts(users: NDArray[np.integer[Any]], labels: ArrayLike, scores: ArrayLike) -> Floats:
    """Each user's part in the AUC over all rows; users: 0..n-1 per row, none left out.

    The structural components of Obuchowski (1997), summed over the rows of a user.
    """
    clicked = np.asarray(labels).astype(bool)
    won = _above(clicked, np.asarray(scores, np.float64))
    whole = won[clicked].mean()
    counts = np.where(clicked, clicked.sum(), (~clicked).sum())
    return _parts(users, (won - whole) / counts, float(whole))


def logloss_parts(
    users: NDArray[np.integer[Any]], labels: ArrayLike, probabilities: ArrayLike
) -> Floats:
    """Each user's part in the logloss over all rows; users: 0..n-1 per row, none left out."""
    losses = _losses(labels, probabilities)
    whole = losses.mean()
    return _parts(users, (losses - whole) / len(losses), float(whole))


def _parts(users: NDArray[np.integer[Any]], influence: Floats, whole: float) -> Floats:
    of_user = np.bincount(users, weights=influence)
    return np.asarray(whole + len(of_user) * of_user, np.float64)


def _above(clicked: NDArray[np.bool_], scores: Floats) -> Floats:
    """Of each clicked row, the share of unclicked ones below it; of each unclicked row, the share
    of clicked ones above it. Ties count half.
    """
    n_clicked, n_rest = int(clicked.sum()), int((~clicked).sum())
    if not n_clicked or not n_rest:
        raise EvaluationError(f"AUC needs both kinds of rows: {n_clicked} clicked, {n_rest} not")
    overall = rankdata(scores)
    won = np.empty(len(scores))
    won[clicked] = (overall[clicked] - rankdata(scores[clicked])) / n_rest
    won[~clicked] = 1.0 - (overall[~clicked] - rankdata(scores[~clicked])) / n_clicked
    return won


def _losses(labels: ArrayLike, probabilities: ArrayLike) -> Floats:
    clicked = np.asarray(labels).astype(bool)
    if not len(clicked):
        raise EvaluationError("logloss of 0 rows")
    p = np.clip(np.asarray(probabilities, dtype=np.float64), _CLIP, 1.0 - _CLIP)
    return -np.log(np.where(clicked, p, 1.0 - p))
