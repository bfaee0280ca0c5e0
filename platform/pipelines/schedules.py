"""What the clock does to experiments by itself. Two workers may be at it at once: each act locks
its experiment, and looks again whether there is anything left to do.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from experiments import moves, selectors
from experiments.models import Experiment
from experiments.ramps import Hold
from serving import plans

logger = logging.getLogger(__name__)


def keep(*, now: datetime) -> None:
    """Lets every ramp do what it is due to. One that fails keeps no other from its turn."""
    for experiment in selectors.climbing():
        _try(experiment, now=now)


def _try(experiment: Experiment, *, now: datetime) -> None:
    try:
        climb(experiment, now=now)
    except Exception:
        logger.exception("The ramp of %s failed; it is tried again.", experiment.key)


def climb(experiment: Experiment, *, now: datetime) -> None:
    """Publishes the plan with what the ramp did to traffic; a hold does nothing to it."""
    with transaction.atomic():
        decision = moves.climb(experiment, now=now)
        if decision is None:
            return
        if not isinstance(decision, Hold):
            plans.publish()
    logger.info("%s: ramp %s. %s", experiment.key, type(decision).__name__, decision.why)
