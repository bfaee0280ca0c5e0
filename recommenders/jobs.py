"""Training jobs: rows that say who may work, who does, and how it ended.

The row is the truth. Celery is told as soon as the row is committed; where that message is lost, or
the worker dies, a sweep finds the row by its state and rings again.
"""

from __future__ import annotations

import logging
from datetime import datetime

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from people import trail
from people.actors import COMMAND, Actor
from recommenders import leases, promotions
from recommenders.exceptions import JobLost
from recommenders.models import ModelVersion, Recommender, Training

logger = logging.getLogger(__name__)

TASK = "pipelines.train"

renew = leases.renew


def request_training(
    recommender: Recommender, *, actor: Actor = COMMAND, why: str = ""
) -> Training:
    """Queues a training, or returns the one that is already queued or running."""
    with transaction.atomic():
        Recommender.objects.select_for_update().get(pk=recommender.pk)
        active = recommender.trainings.filter(
            status__in=[Training.Status.QUEUED, Training.Status.RUNNING]
        ).first()
        if active:
            return active
        training = Training.objects.create(recommender=recommender, message="Waiting for a worker.")
        trail.record(
            at=training.created_at,
            actor=actor,
            verb="train",
            kind="recommender",
            key=recommender.key,
            why=why,
        )
        transaction.on_commit(lambda: ring(training))
    return training


def ring(training: Training) -> None:
    """Tells Celery that there is work. A broker that is away is no error: the sweep rings again."""
    try:
        current_app.send_task(TASK, args=[training.pk], retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take training %s (%s).", training.pk, error)


def claim(training_id: int, *, now: datetime) -> Training | None:
    """Begins an attempt and takes the lease; None where somebody else has it or none is left."""
    rows = Training.objects.all()
    return leases.claim(rows, training_id, now=now, progress=0.0, curve=[])


def report(
    training: Training, fraction: float, message: str, curve: dict[str, float] | None = None
) -> None:
    """Progress for people: 0 to 1, what is being done, and a row of the curve where
    there is one. That of an attempt that has lost the job changes nothing.
    """
    rows = training.curve if curve is None else [*training.curve, curve]
    leases.move(training, {"progress": fraction, "message": message, "curve": rows})


def succeed(training: Training, version: ModelVersion, *, now: datetime) -> None:
    """Ends the job with its model version, which goes live where it is the first or the gate lets
    it.

    Raises JobLost where the job is another attempt's by now, or over: then nothing is changed.
    """
    ending = {
        "status": Training.Status.SUCCEEDED,
        "version": version,
        "progress": 1.0,
        "message": f"Made {version.name}.",
        "finished_at": now,
    }
    with transaction.atomic():
        if not leases.move(training, ending):
            raise JobLost(
                f"Attempt {training.attempts} of {training} no longer holds the job, so "
                f"{version.name} is not made live."
            )
        if not promotions.settle(version, now=now):
            training.message = f"Made {version.name}, which stays a candidate."
            training.save(update_fields=["message"])


def cancel(training: Training, *, now: datetime, actor: Actor = COMMAND) -> bool:
    """Ends a job that waits or runs, for good; False, and no change, where it had ended.

    The worker learns of it with its next heartbeat, and stops the process that trains.
    """
    with transaction.atomic():
        held = (
            Training.objects.select_for_update().select_related("recommender").get(pk=training.pk)
        )
        if not held.is_active():
            return False
        held.status, held.leased_until, held.finished_at = Training.Status.CANCELLED, None, now
        held.message = f"Cancelled by {actor.name}."
        held.save(update_fields=["status", "leased_until", "finished_at", "message"])
        trail.record(
            at=now,
            actor=actor,
            verb="cancel training",
            kind="recommender",
            key=held.recommender.key,
        )
    return True


def give_up(training: Training, error: str, *, now: datetime, for_good: bool = False) -> bool:
    """Ends an attempt that failed. True where another attempt follows; never where it failed
    `for_good`, at a limit that the next attempt would meet as well.
    """
    return leases.give_up(training, error, now=now, ring=ring, for_good=for_good)


def sweep(*, now: datetime) -> list[Training]:
    """Rings for every job that waits with nobody working on it; ends those with no attempt left."""
    gone = "The worker went away while training."
    return leases.sweep(Training.objects.all(), now=now, ring=ring, gone=gone)
