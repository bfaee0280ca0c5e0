"""What is stored beside a model: a few measures, as one mapping."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms import Algorithm
from recommenders.dataset import Dataset
from recommenders.evaluation.judging import Judged, judge
from recommenders.exceptions import EvaluationError

STD_ERROR = "_std_error"
"""What the name of a measure ends in where the figure is its standard error."""
KEPT = ("ndcg", "hit_rate", "coverage", "auc", "logloss")


def evaluate(
    model: Algorithm[Any], train: Dataset, held_out: Dataset, k: int = 10
) -> dict[str, float]:
    """`users`, `ndcg@k`, `hit_rate@k`, `coverage@k`, and `auc` and `logloss` of a click model.

    Beside each that is a mean over users stands its standard error, `ndcg@k_std_error`; one user
    gives none. The model must have been fitted on `train`. A measure the held-out part cannot give
    is left out.
    """
    try:
        return summary(judge(model, train, held_out, k=k, measures=KEPT))
    except EvaluationError:
        return {}


def summary(judged: Judged) -> dict[str, float]:
    """The figures of a model by name, with the standard errors of those that have users."""
    means = {name: one.mean for name, one in judged.per_user.items()}
    errors = {
        name + STD_ERROR: std_error(one.values)
        for name, one in judged.per_user.items()
        if (~np.isnan(one.values)).sum() > 1
    }
    return {"users": float(judged.users), **means, **judged.overall, **errors}


def std_error(values: NDArray[np.float64]) -> float:
    """Of the mean over users, those without a figure left out; NaN for fewer than two."""
    known = values[~np.isnan(values)]
    n = len(known)
    return float(known.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
