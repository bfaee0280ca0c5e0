"""Search jobs: who asked, what was tried, and what came of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from people import trail
from people.actors import COMMAND, Actor
from recommenders import algorithms, leases
from recommenders.algorithms import Value
from recommenders.algorithms.fields import Field
from recommenders.evaluation import MEASURES, Protocol
from recommenders.exceptions import InvalidSearch, JobLost
from recommenders.models import Recommender, Search, Trial
from recommenders.services import register

logger = logging.getLogger(__name__)

TASK = "pipelines.search"
SAMPLERS = ("tpe", "random", "grid")
MOST_TRIALS = 500
MOST_FOLDS = 10
RANKED = tuple(one.name for one in MEASURES.values() if one.better and one.per_user)
"""What a search can go by: measures of slates of which more is better."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to search by. Raises InvalidSearch naming the field."""

    sampler: str = "tpe"
    trials: int = 30
    folds: int = 2
    protocol: Protocol = Protocol()  # noqa: RUF009  (frozen)
    measure: str = "ndcg"
    k: int = 10

    def __post_init__(self) -> None:
        if self.sampler not in SAMPLERS:
            raise InvalidSearch(f"Give one of {', '.join(SAMPLERS)}.", field="sampler")
        if not 1 <= self.trials <= MOST_TRIALS:
            raise InvalidSearch(f"Give 1 to {MOST_TRIALS} trials.", field="trials")
        if not 1 <= self.folds <= MOST_FOLDS:
            raise InvalidSearch(f"Give 1 to {MOST_FOLDS} folds.", field="folds")
        if self.measure not in RANKED:
            raise InvalidSearch(f"Give one of {', '.join(RANKED)}.", field="measure")


def space_of(recommender: Recommender) -> tuple[Field, ...]:
    """What a search varies of it. Raises InvalidSearch where its algorithm has nothing to vary."""
    fields = algorithms.describe(recommender.algorithm).fields
    varied = tuple(field for field in fields if field.varies)
    if not varied:
        raise InvalidSearch(
            f"The settings of {recommender.algorithm} are not varied by a search.",
            field="recommender",
        )
    return varied


def request_search(recommender: Recommender, wanted: Wanted, *, actor: Actor = COMMAND) -> Search:
    """Queues a search. Raises InvalidSearch, also where one is queued or running."""
    space_of(recommender)
    with transaction.atomic():
        Recommender.objects.select_for_update().get(pk=recommender.pk)
        active = [Search.Status.QUEUED, Search.Status.RUNNING]
        if recommender.searches.filter(status__in=active).exists():
            raise InvalidSearch(
                "A search of it is under way. Cancel it first.", field="recommender"
            )
        search = Search.objects.create(
            recommender=recommender,
            sampler=wanted.sampler,
            planned=wanted.trials,
            folds=wanted.folds,
            protocol=wanted.protocol.values(),
            measure=wanted.measure,
            k=wanted.k,
            by=actor.name,
            message="Waiting for a worker.",
        )
        _record(search, "search settings", search.created_at, actor)
        transaction.on_commit(lambda: ring(search))
    return search


def ring(search: Search) -> None:
    """Tells Celery that there is work. A broker that is away is no error: the sweep rings again."""
    try:
        current_app.send_task(TASK, args=[search.pk], retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take %s (%s).", search, error)


def claim(search_id: int, *, now: datetime) -> Search | None:
    """Begins an attempt; what was tried before it stays."""
    return leases.claim(Search.objects.all(), search_id, now=now)


def remember(search: Search, trial: Trial, *, progress: float, message: str) -> None:
    """Keeps a trial that is over. Raises JobLost where the job is another attempt's by now."""
    with transaction.atomic():
        if not leases.move(search, {"progress": progress, "message": message[:255]}):
            raise JobLost(f"Attempt {search.attempts} of {search} no longer holds the job.")
        trial.save()


def succeed(search: Search, outcome: dict[str, Any], *, message: str, now: datetime) -> None:
    """Ends the search with what came of it. Raises JobLost as `remember` does."""
    ending = {
        "status": Search.Status.SUCCEEDED,
        "outcome": outcome,
        "progress": 1.0,
        "message": message[:255],
        "finished_at": now,
    }
    if not leases.move(search, ending):
        raise JobLost(f"Attempt {search.attempts} of {search} no longer holds the job.")


def give_up(search: Search, error: str, *, now: datetime, for_good: bool = False) -> bool:
    """Ends an attempt that failed. True where another follows, after the trials that are over; none
    does where it failed `for_good`.
    """
    return leases.give_up(search, error, now=now, ring=ring, for_good=for_good)


def sweep(*, now: datetime) -> list[Search]:
    """Rings for searches that nobody works on; ends those with no attempt left."""
    gone = "The worker went away while searching."
    return leases.sweep(Search.objects.all(), now=now, ring=ring, gone=gone)


def cancel(search: Search, *, now: datetime, actor: Actor = COMMAND) -> bool:
    """Ends a search for good; False, and no change, where it had ended. What was tried stays."""
    with transaction.atomic():
        held = Search.objects.select_for_update().select_related("recommender").get(pk=search.pk)
        if not held.is_active():
            return False
        held.status, held.leased_until, held.finished_at = Search.Status.CANCELLED, None, now
        held.message = f"Cancelled by {actor.name}."
        held.save(update_fields=["status", "leased_until", "finished_at", "message"])
        _record(held, "cancel search", now, actor)
    return True


def best_of(search: Search) -> Trial | None:
    """The complete trial with the best value, the first of equals."""
    complete = search.trials.filter(value__isnull=False)
    return complete.order_by("-value", "number").first()


def register_best(search: Search, *, key: str, actor: Actor = COMMAND) -> Recommender:
    """A new recommender with the best settings found; the one searched stays as it is.

    Raises InvalidSearch where nothing was found, InvalidRecommender for the key.
    """
    found = best_of(search)
    if found is None:
        raise InvalidSearch("No trial is complete yet, so there is no best one.", field="search")
    config = {**search.recommender.config, **found.settings}
    return register(key=key, algorithm=search.recommender.algorithm, config=config, actor=actor)


def own_settings(recommender: Recommender) -> dict[str, Value]:
    """Its settings of the fields that a search varies."""
    values = algorithms.settings(recommender.algorithm, recommender.config)
    return {field.name: values[field.name] for field in space_of(recommender)}


def _record(search: Search, verb: str, at: datetime, actor: Actor) -> None:
    trail.record(at=at, actor=actor, verb=verb, kind="recommender", key=search.recommender.key)
