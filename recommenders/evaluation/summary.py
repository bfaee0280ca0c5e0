"""All the measures that apply to a model, as one mapping to store beside it."""

from typing import Any

from recommenders.algorithms import Algorithm
from recommenders.dataset import Dataset
from recommenders.evaluation.clicks import evaluate_ctr, with_negatives
from recommenders.evaluation.ranking import evaluate_ranking
from recommenders.exceptions import EvaluationError

STD_ERROR = "_std_error"
"""What the name of a measure ends in where the figure is its standard error."""


def evaluate(
    model: Algorithm[Any], train: Dataset, held_out: Dataset, k: int = 10
) -> dict[str, float]:
    """`users`, `ndcg@k`, `hit_rate@k`, `coverage@k`, and `auc` and `logloss` of a click model.

    `ndcg@k_std_error` and `hit_rate@k_std_error` say how sure those are, with users as the unit;
    one user gives none. The model must have been fitted on `train`. A measure the held-out part
    cannot give is left out.
    """
    return {**_ranking(model, train, held_out, k), **_clicks(model, train, held_out)}


def _ranking(model: Algorithm[Any], train: Dataset, held_out: Dataset, k: int) -> dict[str, float]:
    try:
        report = evaluate_ranking(model, train, held_out, k)
    except EvaluationError:
        return {}
    measured = {
        "users": float(report.users),
        f"ndcg@{k}": report.ndcg,
        f"hit_rate@{k}": report.hit_rate,
        f"coverage@{k}": report.coverage,
    }
    if report.users == 1:
        return measured
    return measured | {
        f"ndcg@{k}{STD_ERROR}": report.ndcg_std_error,
        f"hit_rate@{k}{STD_ERROR}": report.hit_rate_std_error,
    }


def _clicks(model: Algorithm[Any], train: Dataset, held_out: Dataset) -> dict[str, float]:
    if not hasattr(model, "predict"):
        return {}
    try:
        report = evaluate_ctr(model, with_negatives(train, held_out))
    except EvaluationError:
        return {}
    return {"auc": report.auc, "logloss": report.logloss}
