"""Moves of an experiment that change what is routed: each publishes the plan with its commit."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from experiments import services
from experiments.models import Experiment
from serving import plans


def start_experiment(experiment: Experiment, *, now: datetime) -> Experiment:
    """Starts a draft. Raises experiments.exceptions.NotAllowed with what is missing."""
    with transaction.atomic():
        started = services.start_experiment(experiment, now=now)
        plans.publish()
    return started


def stop_experiment(experiment: Experiment, *, now: datetime) -> Experiment:
    """Stops a running experiment: the next request of every process gets the default."""
    with transaction.atomic():
        stopped = services.stop_experiment(experiment, now=now)
        plans.publish()
    return stopped
