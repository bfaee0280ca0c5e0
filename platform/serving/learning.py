"""Asking for a training, by the rules of the experiments that the recommender serves."""

from __future__ import annotations

from experiments.learning import require_learning, rules_for
from people.actors import COMMAND, Actor
from recommenders.jobs import request_training
from recommenders.models import Recommender, Training


def ask_for_training(
    recommender: Recommender, *, actor: Actor = COMMAND, why: str = ""
) -> Training:
    """Queues a training, or returns the one that is queued or running already.

    Raises experiments.exceptions.NotAllowed where an experiment under way freezes its models.
    """
    require_learning(recommender, rules_for(recommender))
    return request_training(recommender, actor=actor, why=why)
