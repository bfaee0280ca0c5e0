"""Asking a model for a slate, within a deadline.

Model versions never change, so what a process has loaded needs no invalidation. Loading and
answering happen on a small pool of threads: a request waits for its deadline and no longer, and one
that came too early for a model still being loaded is answered by a fallback while the load goes on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as DeadlineExceeded
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from experiments.assignment import PlannedRecommender
from recommenders.algorithms import Algorithm, load

logger = logging.getLogger(__name__)

THREADS = 2  # one for each core of a small machine; a LiteRT interpreter belongs to one thread


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """An item with its score, and why it is there, in words."""

    item: str
    score: float
    why: str | None


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a slate is asked for. `history` is oldest first; None stands for the one trained on."""

    user: str
    k: int
    history: Sequence[str] | None
    exclude: Sequence[str]


class NoAnswer(Exception):
    """The model gave no slate. `why` is the word that a response carries as its `fallback`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def answer(model: Algorithm[Any], question: Question) -> list[Ranked]:
    """The model's slate for one user: at most k items, best first."""
    histories = None if question.history is None else [list(question.history)]
    ids, scores = model.recommend(
        [question.user], question.k, histories=histories, exclude=list(question.exclude)
    )
    found = [(item, float(score)) for item, score in zip(ids[0], scores[0], strict=True) if item]
    reasons = model.reasons(question.user, [item for item, _ in found], question.history)
    return [
        Ranked(item=item, score=score, why=reason.words() if reason else None)
        for (item, score), reason in zip(found, reasons, strict=True)
    ]


class Engine:
    """Loaded models of one process, and the threads that ask them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="model")
        self._models: dict[str, Future[Algorithm[Any]]] = {}
        self._lock = threading.Lock()

    def ask(self, recommender: PlannedRecommender, question: Question) -> list[Ranked]:
        """A slate from the live version. Raises NoAnswer where there is none in time."""
        if recommender.version is None:
            raise NoAnswer("no_model")
        deadline = settings.ROUTE_DEADLINE_MS / 1000
        try:
            model = self._model(recommender).result(deadline)
        except DeadlineExceeded:
            raise NoAnswer("model_loading") from None
        except Exception as error:
            self._forget(recommender, error)
            raise NoAnswer("model_unavailable") from None
        return self._within(deadline, recommender, lambda: answer(model, question))

    def _within(
        self, deadline: float, recommender: PlannedRecommender, work: Callable[[], list[Ranked]]
    ) -> list[Ranked]:
        future = self._pool.submit(work)
        try:
            ranked = future.result(deadline)
        except DeadlineExceeded:
            future.cancel()
            raise NoAnswer("model_timeout") from None
        except Exception:
            logger.exception("%s failed to answer", recommender.version)
            raise NoAnswer("model_error") from None
        if not ranked:  # a neighbour model knows nothing to say to somebody without a history
            raise NoAnswer("no_candidates")
        return ranked

    def _model(self, recommender: PlannedRecommender) -> Future[Algorithm[Any]]:
        version = str(recommender.version)
        with self._lock:
            if version not in self._models:
                folder = settings.MODELS_DIR / str(recommender.folder)
                self._models[version] = self._pool.submit(load, folder)
            return self._models[version]

    def _forget(self, recommender: PlannedRecommender, error: Exception) -> None:
        """Lets the next request try the load again."""
        logger.error("%s could not be loaded: %s", recommender.version, error)
        with self._lock:
            self._models.pop(str(recommender.version), None)


@cache
def engine() -> Engine:
    """This process's engine."""
    return Engine()
