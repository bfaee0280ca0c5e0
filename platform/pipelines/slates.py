"""Materialising slates for the users who were active last."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from events import readers
from experiments.assignment import Plan
from recommenders.algorithms import load
from recommenders.models import Recommender
from serving import slates
from serving.engine import Question, answer

logger = logging.getLogger(__name__)

TASK = "pipelines.materialise_slates"
MOST_USERS = 5_000
HISTORY = 50
BATCH = 200

T = TypeVar("T")


def materialise(key: str) -> int:
    """Stores a slate of the live version for each active user. How many were stored."""
    recommender = Recommender.objects.select_related("live__recommender").get(key=key)
    if recommender.live is None:
        return 0
    model = load(settings.MODELS_DIR / recommender.live.folder)
    valkey = redis.Redis.from_url(settings.VALKEY_URL)
    histories = active_histories()
    for batch in _batches(iter(histories.items()), BATCH):
        made = {
            user: answer(
                model, Question(user=user, k=settings.SLATE_SIZE, history=history, exclude=())
            )
            for user, history in batch
        }
        slates.store(valkey, key, recommender.live.name, made)
    slates.mark_made(valkey, key, recommender.live.name)
    logger.info("%s: slates of %s for %s users", key, recommender.live.name, len(histories))
    return len(histories)


def refresh(plan: Plan) -> list[str]:
    """Asks for slates wherever the plan serves a version whose slates are old or gone."""
    served = {placement.default_recommender for placement in plan.placements.values()}
    served |= {arm.recommender for experiment in plan.experiments for arm in experiment.variants}
    versions = {key: plan.recommenders[key].version for key in sorted(served)}
    stale = slates.stale(
        redis.Redis.from_url(settings.VALKEY_URL), {k: v for k, v in versions.items() if v}
    )
    for key in stale:
        ask(key)
    return stale


def ask(recommender: str) -> None:
    """Has a worker make slates. A broker that is away is no error: the clock asks again."""
    try:
        current_app.send_task(TASK, args=[recommender], retry=False, expires=slates.FRESH_SECONDS)
    except OperationalError as error:
        logger.warning("The broker did not take the slates of %s (%s).", recommender, error)


def active_histories() -> dict[str, list[str]]:
    """The newest items of the users with the newest events, oldest item first."""
    events = readers.open_log(settings.LOG_DIR).events()
    seen = events.filter(events.item.notnull())
    newest = seen.group_by("user").agg(last=seen["at"].max())
    newest = newest.order_by(newest["last"].desc()).limit(MOST_USERS)
    rows = seen.semi_join(newest, "user").select("user", "item", "at").order_by("at").to_pyarrow()
    histories: dict[str, list[str]] = {}
    for user, item in zip(rows["user"].to_pylist(), rows["item"].to_pylist(), strict=True):
        histories.setdefault(user, []).append(item)
    return {user: items[-HISTORY:] for user, items in histories.items()}


def _batches(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(rows, size)):
        yield batch
