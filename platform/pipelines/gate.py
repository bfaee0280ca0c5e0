"""Judging what a training made: its offline figures, and the gate to the place of the live version.

Both are of a model that was fitted on the older part of the data. The newer part begins after all
that the live version has learned from, so neither has seen what it is asked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from msgspec.structs import replace

from recommenders.algorithms import Algorithm, load
from recommenders.dataset import Dataset
from recommenders.evaluation import Figures, Judged, judge, not_worse
from recommenders.evaluation.paired import FEWEST_USERS
from recommenders.evaluation.summary import KEPT, summary
from recommenders.evaluation.tasks import tasks
from recommenders.exceptions import EvaluationError, RecommenderError
from recommenders.gate import GateVerdict
from recommenders.models import ModelVersion

logger = logging.getLogger(__name__)

HELD_OUT = 0.1  # of the data, the newest, at most
MEASURE = "ndcg"
K = 10
NAME = f"{MEASURE}@{K}"


@dataclass(frozen=True, kw_only=True)
class Split:
    """What the measured model is fitted on, and what it is asked.

    `users` of it can be asked both that model and the live version; 0 without one, or where too few
    did something new since it was trained: the newest tenth is asked then, of the one model.
    """

    older: Dataset
    newest: Dataset
    users: int


def split(data: Dataset, live: ModelVersion | None) -> Split:
    """The newest tenth is held out, or less: what came after the live version's data, if enough."""
    older, newest = data.split_by_time(1 - HELD_OUT)
    if live is None:
        return Split(older=older, newest=newest, users=0)
    if older.last_at is not None and live.data_until <= older.last_at:
        return Split(older=older, newest=newest, users=_asked(older, newest))
    known, since = data.split_at(live.data_until)
    users = _asked(known, since)
    if users < FEWEST_USERS:
        return Split(older=older, newest=newest, users=users)
    return Split(older=known, newest=since, users=users)


def _asked(older: Dataset, newest: Dataset) -> int:
    """How many users have a history and did something new after it."""
    try:
        return len(tasks(older, newest).users)
    except EvaluationError:
        return 0


def measured(model: Algorithm[Any], parts: Split) -> Judged | None:
    """How the model did; None where nothing was held out to ask."""
    try:
        return judge(model, parts.older, parts.newest, k=K, measures=KEPT)
    except EvaluationError:
        return None


def metrics_of(judged: Judged | None) -> dict[str, float]:
    return {} if judged is None else summary(judged)


def verdict(
    judged: Judged | None, live: ModelVersion | None, parts: Split, *, bound: float
) -> GateVerdict | None:
    """The candidate against the live version; None where there is none."""
    if live is None:
        return None
    unjudged = GateVerdict(
        against=live.name,
        measure=NAME,
        users=parts.users,
        bound=bound,
        passed=False,
        needed=FEWEST_USERS,
        reason="too_few_users",
    )
    if judged is None or parts.users < FEWEST_USERS:
        return unjudged
    theirs = _of_live(live, parts)
    if theirs is None:
        return replace(unjudged, reason="live_unusable")
    found = not_worse(*judged.per_user[NAME].beside(theirs), bound=bound)
    return replace(
        unjudged,
        users=found.n,
        passed=found.passed,
        live=found.live,
        candidate=found.candidate,
        loss=found.loss,
        reason=found.reason,
    )


def _of_live(live: ModelVersion, parts: Split) -> Figures | None:
    """What the live version scores; None where it cannot be read or fails at it."""
    try:
        model = load(settings.MODELS_DIR / live.folder)
        found = judge(model, parts.older, parts.newest, k=K, measures=(MEASURE,))
    except (RecommenderError, OSError) as error:
        logger.warning("%s cannot be compared with (%s).", live.name, error)
        return None
    return found.per_user[NAME]
