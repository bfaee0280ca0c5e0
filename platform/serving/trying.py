"""What recommenders would show somebody: by the path of requests, and nothing is recorded."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.assignment import PlannedRecommender
from recommenders.models import Recommender
from serving import plans
from serving.building import planned
from serving.engine import NoAnswer, Question, engine
from serving.routing import Live, Slate, fetch_live, slate_for

PATIENCE = 5.0
"""Seconds that a page waits for a model that no request has had loaded."""

Source = Literal["typed", "live", "trained", "none"]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One recommender's slate, and how many milliseconds its answer took with the model loaded."""

    recommender: PlannedRecommender
    slate: Slate
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What was known of the user, oldest first, where that came from, and each slate."""

    history: Sequence[str]
    source: Source
    slates: Sequence[Tried]


def try_out(
    recommenders: Sequence[Recommender], *, user: str, items: Sequence[str], k: int
) -> Trial:
    """The slates that a request of this user would get now; of nobody known, where `user` is empty.

    `items`, oldest first, take the place of what the user last did. Without them that is the live
    history, or where there is none what each model kept of the user from its training.
    """
    asked = [planned(one) for one in recommenders]
    found = [fetch_live(user, one.key) if user else Live() for one in asked]
    live = next((one.history for one in found if one.history), None)
    given = tuple(items) or tuple(live or ())
    out = plans.current().unavailable
    question = Question(user=user, k=k, history=given or None, exclude=(), unavailable=out)
    slates = [_tried(one, question, known) for one, known in zip(asked, found, strict=True)]
    if given:
        return Trial(history=given, source="typed" if items else "live", slates=slates)
    kept = next((kept for one in asked if (kept := _kept(one, user))), [])
    return Trial(history=kept, source="trained" if kept else "none", slates=slates)


def somebody(recommenders: Sequence[Recommender], *, rng: random.Random) -> str | None:
    """A user whom one of the live versions was trained on; None where there is none."""
    for one in recommenders:
        with suppress(NoAnswer):
            users = engine().model(planned(one), within=PATIENCE).users
            if len(users):
                return str(users.ids(np.array([rng.randrange(len(users))]))[0])
    return None


def _tried(recommender: PlannedRecommender, question: Question, live: Live) -> Tried:
    with suppress(NoAnswer):  # which the slate says, with what takes the model's place
        engine().model(recommender, within=PATIENCE)
    started = time.perf_counter()
    slate = slate_for(recommender, question, live.slate, within=PATIENCE)
    milliseconds = (time.perf_counter() - started) * 1000
    return Tried(recommender=recommender, slate=slate, milliseconds=milliseconds)


def _kept(recommender: PlannedRecommender, user: str) -> list[str]:
    try:
        return engine().model(recommender, within=PATIENCE).history(user)
    except NoAnswer:
        return []
