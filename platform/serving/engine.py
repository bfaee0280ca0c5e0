"""Asking a model for a slate, within a deadline.

Model versions never change, so what a process has loaded needs no invalidation. Loading and
answering happen on a small pool of threads: a request waits for its deadline and no longer, and one
that came too early for a model still being loaded is answered by a fallback while the load goes on.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as DeadlineExceeded
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from experiments.assignment import PlannedRecommender
from recommenders.algorithms import Algorithm, Reason, load
from recommenders.algorithms.reasons import DRAWN
from recommenders.exceptions import RemoteError

logger = logging.getLogger(__name__)

THREADS = 2  # one for each core of a small machine; a LiteRT interpreter belongs to one thread


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """An item with its score, None where no model gave one, and why it is there, in words; and with
    what probability it came to its place, given those above it.
    """

    item: str
    score: float | None
    why: str | None
    propensity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a slate is asked for. `history` is oldest first; None stands for the one trained on.
    `unavailable` is not shown either: the plan's set, the same object until there is another plan.
    `only` and `never` are categories; `only` None is any. `buried` and `buried_categories` are
    shown where nothing else is left; the latter only the model knows.
    `draw` is what algorithms that explore draw by; None is without exploration.
    """

    user: str
    k: int
    history: Sequence[str] | None
    exclude: Sequence[str]
    draw: int | None = None
    unavailable: frozenset[str] = frozenset()
    only: Sequence[str] | None = None
    never: Sequence[str] = ()
    buried: Sequence[str] = ()
    buried_categories: Sequence[str] = ()

    def without_buried(self) -> Question:
        return replace(
            self,
            exclude=[*self.exclude, *self.buried],
            never=[*self.never, *self.buried_categories],
            buried=(),
            buried_categories=(),
        )

    def of_the_rest(self, shown: Sequence[str]) -> Question:
        """What is left after these; drawn anew, for the first draw is known by what it showed."""
        return replace(
            self,
            k=self.k - len(shown),
            exclude=[*self.exclude, *shown],
            draw=None if self.draw is None else zlib.crc32(b"rest", self.draw),
            buried=(),
            buried_categories=(),
        )


class NoAnswer(Exception):
    """The model gave no slate. `why` is the word that a response carries as its `fallback`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def answer(model: Algorithm[Any], question: Question) -> list[Ranked]:
    """The model's slate for one user: at most k items, best first, and what is buried last."""
    if not (question.buried or question.buried_categories):
        return _ranked(model, question)
    first = _ranked(model, question.without_buried())
    if len(first) == question.k:
        return first
    return first + _ranked(model, question.of_the_rest([one.item for one in first]))


def _ranked(model: Algorithm[Any], question: Question) -> list[Ranked]:
    histories = None if question.history is None else [list(question.history)]
    found = model.propose(
        [question.user],
        question.k,
        histories=histories,
        exclude=list(question.exclude),
        withheld=_codes(model, question.unavailable),
        only=question.only,
        never=question.never,
        draw=question.draw,
    )
    n = sum(item is not None for item in found.ids[0])
    ids = list(found.ids[0, :n])
    reasons = model.reasons(question.user, ids, question.history)
    return [
        Ranked(item=item, score=float(score), why=_why(reason, drawn), propensity=float(chance))
        for item, score, chance, drawn, reason in zip(
            ids, found.scores[0], found.propensities[0], found.drawn[0], reasons, strict=False
        )
    ]


def _codes(model: Algorithm[Any], items: frozenset[str]) -> NDArray[np.int64]:
    """The model's codes of the items: looked up once for each plan, for there may be many."""
    held = _withheld.get(model)
    if held is None or held[0] is not items:
        held = _withheld[model] = items, model.items.codes(sorted(items))
    return held[1]


_withheld: WeakKeyDictionary[Algorithm[Any], tuple[frozenset[str], NDArray[np.int64]]] = (
    WeakKeyDictionary()
)


def _why(reason: Reason | None, drawn: bool) -> str | None:
    if drawn:
        return DRAWN
    return reason.words() if reason else None


class Engine:
    """Loaded models of one process, and the threads that ask them."""

    def __init__(self) -> None:
        self._answering = ThreadPoolExecutor(THREADS, thread_name_prefix="model")
        # Loading has a thread of its own: a new version keeps nobody else's answer waiting.
        self._loading = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._models: dict[str, tuple[str, Future[Algorithm[Any]]]] = {}
        self._lock = threading.Lock()

    def ask(
        self, recommender: PlannedRecommender, question: Question, *, within: float | None = None
    ) -> list[Ranked]:
        """A slate from the live version. Raises NoAnswer where there is none in time.

        `within` is how many seconds somebody waits who is no request; a request has its deadline.
        """
        deadline = _deadline(within)
        model = self._loaded(recommender, deadline)
        future = self._answering.submit(answer, model, question)
        try:
            ranked = future.result(deadline - time.monotonic())
        except DeadlineExceeded:
            future.cancel()
            raise NoAnswer("model_timeout") from None
        except RemoteError as error:
            logger.warning("%s: %s", recommender.version, error)
            raise NoAnswer(error.reason) from None
        except Exception:
            logger.exception("%s failed to answer", recommender.version)
            raise NoAnswer("model_error") from None
        if not ranked:  # a neighbour model knows nothing to say to somebody without a history
            raise NoAnswer("no_candidates")
        return ranked

    def model(self, recommender: PlannedRecommender, *, within: float) -> Algorithm[Any]:
        """The live version, loaded within so many seconds. Raises NoAnswer."""
        return self._loaded(recommender, _deadline(within))

    def _loaded(self, recommender: PlannedRecommender, deadline: float) -> Algorithm[Any]:
        if recommender.version is None:
            raise NoAnswer("no_model")
        try:
            return self._model(recommender).result(deadline - time.monotonic())
        except DeadlineExceeded:
            raise NoAnswer("model_loading") from None
        except Exception as error:
            self._forget(recommender, error)
            raise NoAnswer("model_unavailable") from None

    def _model(self, recommender: PlannedRecommender) -> Future[Algorithm[Any]]:
        """The live version's; an earlier version of the same recommender is let go."""
        version = str(recommender.version)
        with self._lock:
            held = self._models.get(recommender.key)
            if held is None or held[0] != version:
                folder = settings.MODELS_DIR / str(recommender.folder)
                held = version, self._loading.submit(load, folder)
                self._models[recommender.key] = held
            return held[1]

    def _forget(self, recommender: PlannedRecommender, error: Exception) -> None:
        """Lets the next request try the load again."""
        logger.error("%s could not be loaded: %s", recommender.version, error)
        with self._lock:
            self._models.pop(recommender.key, None)


def _deadline(within: float | None) -> float:
    seconds = settings.ROUTE_DEADLINE_MS / 1000 if within is None else within
    return time.monotonic() + seconds


@cache
def engine() -> Engine:
    """This process's engine."""
    return Engine()
