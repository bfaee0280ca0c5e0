"""What the clock does to experiments by itself. Two workers may be at it at once: each act locks
its experiment, and looks again whether there is anything left to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from experiments import moves, selectors
from experiments.models import Experiment
from experiments.ramps import Hold
from serving import plans

logger = logging.getLogger(__name__)

Act = Callable[[Experiment, datetime], object]


def keep(*, now: datetime) -> None:
    """Stops what is due first, so that its users are free for what starts; then lets ramps act. One
    experiment that fails keeps no other from its turn.
    """
    _each(selectors.due_to_stop(now), stop, now)
    _each(selectors.due_to_start(now), start, now)
    _each(selectors.climbing(), climb, now)


def _each(experiments: Iterable[Experiment], act: Act, now: datetime) -> None:
    for experiment in experiments:
        try:
            done = act(experiment, now)
        except Exception:
            logger.exception("%s: %s failed; it is tried again.", experiment.key, act.__name__)
        else:
            if done is not None:
                logger.info("%s: %s", experiment.key, done)


def stop(experiment: Experiment, now: datetime) -> object:
    with transaction.atomic():
        done = moves.stop_due(experiment, now=now)
        if done is not None:
            plans.publish()
    return done


def start(experiment: Experiment, now: datetime) -> object:
    with transaction.atomic():
        done = moves.start_due(experiment, now=now)
        if done == "started":
            plans.publish()
    return done


def climb(experiment: Experiment, now: datetime) -> object:
    with transaction.atomic():
        done = moves.climb(experiment, now=now)
        if done is not None and not isinstance(done, Hold):
            plans.publish()
    return done
