"""Ranking the whole catalogue for users whose later behaviour is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms import Algorithm
from recommenders.dataset import Dataset
from recommenders.evaluation.metrics import coverage, hit_rate, ndcg
from recommenders.exceptions import EvaluationError

_BATCH = 1_000  # users asked for at once


@dataclass(frozen=True, kw_only=True)
class RankingReport:
    """Means over `users` of nDCG@k and hit rate@k, and the share of the catalogue shown to them.

    The standard errors are of the means, with users as the unit; NaN for one user.
    """

    users: int
    k: int
    ndcg: float
    hit_rate: float
    coverage: float
    ndcg_std_error: float
    hit_rate_std_error: float


def evaluate_ranking(
    model: Algorithm[Any], train: Dataset, held_out: Dataset, k: int = 10
) -> RankingReport:
    """Full ranking: each user's top k of all items they had not met in train.

    Counted are users with a history in train and an item in held_out that is new to them; those
    new items are the relevant ones. Raises EvaluationError where there is no such user.
    """
    histories, relevant = _tasks(train, held_out)
    if not relevant:
        raise EvaluationError("no user with a history did anything new in the held-out part")
    users = list(relevant)
    slates = np.concatenate(
        [
            model.recommend(users[first : first + _BATCH], k, histories=histories)[0]
            for first in range(0, len(users), _BATCH)
        ]
    )
    hits = _hits(slates, [relevant[user] for user in users])
    counts = np.array([len(relevant[user]) for user in users])
    gains, hit = ndcg(hits, counts), hit_rate(hits)
    return RankingReport(
        users=len(users),
        k=k,
        ndcg=float(gains.mean()),
        hit_rate=float(hit.mean()),
        coverage=coverage(slates, train.n_items),
        ndcg_std_error=_std_error(gains),
        hit_rate_std_error=_std_error(hit),
    )


def _std_error(values: NDArray[np.floating[Any]]) -> float:
    n = len(values)
    return float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def _tasks(
    train: Dataset, held_out: Dataset
) -> tuple[Mapping[str, Sequence[str]], Mapping[str, set[str]]]:
    histories: dict[str, list[str]] = {}
    relevant: dict[str, set[str]] = {}
    ids = held_out.users.ids(np.arange(held_out.n_users))
    in_train = train.users.codes(list(ids))
    for code in np.flatnonzero(held_out.histories.lengths):
        history = list(train.items.ids(train.histories[int(in_train[code])]))
        new = set(held_out.items.ids(held_out.histories[int(code)])) - set(history)
        if history and new:
            histories[ids[code]], relevant[ids[code]] = history, new
    return histories, relevant


def _hits(slates: NDArray[np.object_], relevant: Sequence[set[str]]) -> NDArray[np.bool_]:
    return np.array(
        [[item in wanted for item in slate] for slate, wanted in zip(slates, relevant, strict=True)]
    )
