"""Trainings that the clock asks for."""

from __future__ import annotations

import logging
from datetime import datetime

from experiments.exceptions import NotAllowed
from people.actors import SCHEDULE
from recommenders import selectors
from recommenders.models import Training
from serving.learning import ask_for_training

logger = logging.getLogger(__name__)


def ask_due(*, now: datetime) -> list[Training]:
    """Queues what is due. One whose experiment freezes it waits until that has stopped."""
    asked = []
    for recommender in selectors.due_for_training(now):
        try:
            asked.append(ask_for_training(recommender, actor=SCHEDULE))
        except NotAllowed as refusal:
            logger.debug("%s", refusal)
    return asked
