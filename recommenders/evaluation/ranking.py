"""Asking a model for the slates of all tasks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms import Algorithm
from recommenders.dataset import Vocabulary
from recommenders.evaluation.tasks import Codes, Tasks

_BATCH = 1_000  # users asked for at once
_CELLS = 2_000_000  # places of slates asked for at once

Done = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranked:
    """The slates of all tasks: item codes of `tasks.items`, -1 where a slate is shorter than k."""

    tasks: Tasks
    slates: Codes
    hits: NDArray[np.bool_]

    @property
    def k(self) -> int:
        return int(self.slates.shape[1])


def rank(
    model: Algorithm[Any],
    tasks: Tasks,
    k: int,
    *,
    negatives: int | None = None,
    seed: int = 0,
    done: Done | None = None,
) -> Ranked:
    """Each user's top k of all items they may be shown; the model was fitted on `tasks.train`.

    negatives: rank, in place of all items, only the relevant ones among this many drawn uniformly
    from those the user met in neither part (sampled ranking). What a model does not rank is not in
    its slate. Which model is better may come out the other way round than among all items (Krichene
    and Rendle 2020), and the figures are far higher. done: told the share of users asked for.
    """
    whole = k if negatives is None else len(tasks.items)
    at_once = max(1, min(_BATCH, _CELLS // whole))
    rng = np.random.default_rng(seed)
    parts: list[Codes] = []
    for first in range(0, len(tasks.users), at_once):
        last = min(first + at_once, len(tasks.users))
        slates = _asked(model, tasks, first, last, whole)
        if negatives is not None:
            candidates = [_candidates(tasks, task, negatives, rng) for task in range(first, last)]
            slates = _among(slates, candidates, k)
        parts.append(slates)
        if done is not None:
            done(last / len(tasks.users))
    slates = np.concatenate(parts)
    return Ranked(tasks=tasks, slates=slates, hits=tasks.is_relevant(slates))


def _asked(model: Algorithm[Any], tasks: Tasks, first: int, last: int, k: int) -> Codes:
    ids, _ = model.recommend(
        tasks.users[first:last],
        k,
        histories=tasks.histories(first, last),
        exclude_seen=not tasks.repeats,
    )
    return _coded(ids, tasks.items)


def _coded(ids: NDArray[np.object_], items: Vocabulary) -> Codes:
    real = np.array([[one is not None for one in row] for row in ids])
    codes = np.full(ids.shape, -1, np.int64)
    codes[real] = items.codes(list(ids[real]))
    return codes


def _candidates(tasks: Tasks, task: int, negatives: int, rng: np.random.Generator) -> Codes:
    first, last = np.searchsorted(tasks.owners, [task, task + 1])
    relevant = tasks.relevant[first:last]
    unmet = np.ones(len(tasks.items), bool)
    unmet[relevant] = unmet[tasks.history(task)] = False
    others = np.flatnonzero(unmet)
    drawn = rng.choice(others, size=min(negatives, len(others)), replace=False)
    return np.concatenate([relevant, drawn])


def _among(slates: Codes, candidates: list[Codes], k: int) -> Codes:
    """The first k of each slate that are among the row's candidates."""
    kept = np.full((len(slates), k), -1, np.int64)
    for row, (slate, allowed) in enumerate(zip(slates, candidates, strict=True)):
        left = slate[np.isin(slate, allowed)][:k]
        kept[row, : len(left)] = left
    return kept
