"""Asking a worker to look at an experiment now. The schedule asks by itself (see cadence)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery import current_app
from kombu.exceptions import OperationalError

from experiments.exceptions import NotAllowed

if TYPE_CHECKING:
    from experiments.models import Experiment

TASK = "pipelines.analyse_experiment"


def ask(experiment: Experiment) -> None:
    """Have a snapshot made. Raises NotAllowed for a draft, and where no worker can be reached."""
    if experiment.status == experiment.Status.DRAFT:
        raise NotAllowed("A draft has nothing to analyse: start it first.")
    try:
        current_app.send_task(TASK, args=[experiment.pk], retry=False)
    except OperationalError:
        raise NotAllowed(
            "No worker could be asked: Valkey does not answer. Once it does, the page is brought "
            "up to date by itself."
        ) from None
