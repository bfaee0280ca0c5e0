"""All the measures that apply to a model, as one mapping to store beside it."""

from typing import Any

from recommenders.algorithms import Algorithm
from recommenders.dataset import Dataset
from recommenders.evaluation.clicks import evaluate_ctr, with_negatives
from recommenders.evaluation.ranking import evaluate_ranking
from recommenders.exceptions import EvaluationError


def evaluate(
    model: Algorithm[Any], train: Dataset, held_out: Dataset, k: int = 10
) -> dict[str, float]:
    """`users`, `ndcg@k`, `hit_rate@k`, `coverage@k`, and `auc` and `logloss` of a click model.

    The model must have been fitted on `train`. A measure the held-out part cannot give is left out.
    """
    return {**_ranking(model, train, held_out, k), **_clicks(model, train, held_out)}


def _ranking(model: Algorithm[Any], train: Dataset, held_out: Dataset, k: int) -> dict[str, float]:
    try:
        report = evaluate_ranking(model, train, held_out, k)
    except EvaluationError:
        return {}
    return {
        "users": float(report.users),
        f"ndcg@{k}": report.ndcg,
        f"hit_rate@{k}": report.hit_rate,
        f"coverage@{k}": report.coverage,
    }


def _clicks(model: Algorithm[Any], train: Dataset, held_out: Dataset) -> dict[str, float]:
    if not hasattr(model, "predict"):
        return {}
    try:
        report = evaluate_ctr(model, with_negatives(train, held_out))
    except EvaluationError:
        return {}
    return {"auc": report.auc, "logloss": report.logloss}
