"""Recommenders measured against each other on the same held-out behaviour."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from events import readers
from pipelines import behaviour, learning
from recommenders import algorithms
from recommenders.dataset import Dataset
from recommenders.dataset.cleaning import Bounds, clean
from recommenders.evaluation import Difference, Judged, Protocol, judge
from recommenders.evaluation.report import Row, differences, rows
from recommenders.exceptions import EvaluationError
from recommenders.models import Recommender

FITTING = 0.7  # of the time that one model takes, about; asking it for slates is the rest

Tell = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A configuration to measure; `recommender` is None for an algorithm at its defaults."""

    name: str
    algorithm: str
    config: dict[str, Any]
    recommender: Recommender | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What to measure, and on what."""

    protocol: Protocol
    k: int
    measures: tuple[str, ...]
    exposure: str | None = None
    confidence: float = 0.95


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One candidate with its figures, and their differences to the first's: none for itself."""

    candidate: Candidate
    judged: Judged
    rows: list[Row]
    differences: dict[str, Difference]
    fit_seconds: float


def candidates(names: Sequence[str]) -> list[Candidate]:
    """Recommenders by key, or algorithms at their defaults by name.

    Raises EvaluationError for a name that is neither.
    """
    by_key = Recommender.objects.select_related("live").in_bulk(names, field_name="key")
    return [_candidate(name, by_key.get(name)) for name in dict.fromkeys(names)]


def _candidate(name: str, recommender: Recommender | None) -> Candidate:
    if recommender is not None:
        return Candidate(
            name=name,
            algorithm=recommender.algorithm,
            config=recommender.config,
            recommender=recommender,
        )
    if name in algorithms.names():
        return Candidate(name=name, algorithm=name, config={})
    keys = ", ".join(Recommender.objects.values_list("key", flat=True)) or "none yet"
    known = ", ".join(algorithms.names())
    raise EvaluationError(f"there is no recommender “{name}”: {keys}; nor an algorithm: {known}")


def behaviour_of_log(now: datetime) -> Dataset:
    """All behaviour of the log, cleaned by the ordinary rules, with the catalogue.

    Whatever an experiment says of training data: nothing that is measured here goes live.
    """
    log = readers.open_log(settings.LOG_DIR)
    try:
        frame, _ = behaviour.read(log, ())
    finally:
        log.close()
    cleaned, _ = clean(frame, Bounds(), now=now)
    return Dataset.from_frames(cleaned, items=learning.catalogue())


def measure(data: Dataset, asked: Sequence[Candidate], ask: Ask, tell: Tell) -> list[Measured]:
    """Fit each on the same part of the data and measure it on the rest.

    Raises RecommenderError where the data cannot be cut, or an algorithm cannot learn from it.
    """
    train, held_out = ask.protocol.split(data)
    found: list[Measured] = []
    for number, candidate in enumerate(asked):
        share = _part(tell, number, len(asked))
        model, seconds = _fit(candidate, train, ask.protocol.seed, share)
        judged = _judge(candidate, model, train, held_out, ask, share)
        first = found[0].judged if found else None
        found.append(
            Measured(
                candidate=candidate,
                judged=judged,
                rows=rows(judged, confidence=ask.confidence, seed=ask.protocol.seed),
                differences=differences(first, judged, confidence=ask.confidence) if first else {},
                fit_seconds=seconds,
            )
        )
    return found


def _fit(
    candidate: Candidate, train: Dataset, seed: int, tell: Tell
) -> tuple[algorithms.Algorithm[Any], float]:
    def progress(done: float, message: str, _: dict[str, float] | None) -> None:
        tell(FITTING * done, f"{candidate.name}: {message}")

    tell(0.0, f"{candidate.name}: fitting")
    began = time.perf_counter()
    model = algorithms.create(candidate.algorithm, **candidate.config)
    model.fit(train, seed=seed, progress=progress)
    return model, time.perf_counter() - began


def _judge(
    candidate: Candidate,
    model: algorithms.Algorithm[Any],
    train: Dataset,
    held_out: Dataset,
    ask: Ask,
    tell: Tell,
) -> Judged:
    return judge(
        model,
        train,
        held_out,
        k=ask.k,
        measures=ask.measures,
        exposure=ask.exposure,
        repeats=ask.protocol.repeats,
        negatives=ask.protocol.negatives,
        seed=ask.protocol.seed,
        done=lambda done: tell(FITTING + (1 - FITTING) * done, f"{candidate.name}: asking"),
    )


def _part(tell: Tell, number: int, of: int) -> Tell:
    return lambda done, what: tell((number + done) / of, what)
