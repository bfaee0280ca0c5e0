"""Training jobs: rows that say who may work, who does, and how it ended.

The row is the truth. Celery is told as soon as the row is committed; where that message is lost, or
the worker dies, a sweep finds the row by its state and rings again.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from people import trail
from people.actors import COMMAND, Actor
from recommenders import promotions
from recommenders.exceptions import JobLost
from recommenders.models import ModelVersion, Recommender, Training

logger = logging.getLogger(__name__)

TASK = "pipelines.train"
ERROR_LENGTH = 4000


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
    with transaction.atomic():
        training = Training.objects.select_for_update().filter(pk=training_id).first()
        if training is None or not training.may_start(now):
            return None
        training.status = Training.Status.RUNNING
        training.attempts += 1
        training.leased_until = now + Training.LEASE
        training.started_at = now
        training.progress, training.message, training.curve = 0.0, "Starting.", []
        training.save()
    return training


def renew(training: Training, *, now: datetime) -> bool:
    """The heartbeat: keeps the lease. False where another attempt has taken the job over."""
    return _held(training).update(leased_until=now + Training.LEASE) == 1


def _held(training: Training) -> QuerySet[Training]:
    # A job that succeeded is still its attempt's: the child may take a moment to end.
    return Training.objects.filter(
        pk=training.pk,
        attempts=training.attempts,
        status__in=[Training.Status.RUNNING, Training.Status.SUCCEEDED],
    )


def report(
    training: Training, fraction: float, message: str, curve: dict[str, float] | None = None
) -> None:
    """Progress for people: 0 to 1, what is being done, and a row of the curve where
    there is one. That of an attempt that has lost the job changes nothing.
    """
    rows = training.curve if curve is None else [*training.curve, curve]
    _move(training, {"progress": fraction, "message": message, "curve": rows})


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
        if not _move(training, ending):
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


def _move(training: Training, changes: dict[str, Any]) -> bool:
    """Changes a job that this attempt is working on; False, and no change, for any other."""
    running = _held(training).filter(status=Training.Status.RUNNING)
    if not running.update(**changes):
        return False
    for name, value in changes.items():
        setattr(training, name, value)
    return True


def give_up(training: Training, error: str, *, now: datetime, for_good: bool = False) -> bool:
    """Ends an attempt that failed. True where another attempt follows, which never does where it
    failed `for_good`: at a limit that the next attempt would meet as well.

    Nothing is changed where the job has succeeded, or is another attempt's by now.
    """
    with transaction.atomic():
        held = _held(training).filter(status=Training.Status.RUNNING).select_for_update().first()
        if held is None:
            return False
        training = held
        again = training.attempts < Training.MAX_ATTEMPTS and not for_good
        training.status = Training.Status.QUEUED if again else Training.Status.FAILED
        training.error = error[-ERROR_LENGTH:]
        training.leased_until = None
        training.message = _ended(training, again=again)
        training.finished_at = None if again else now
        training.save()
        if again:
            transaction.on_commit(lambda: ring(training))
    return again


def _ended(training: Training, *, again: bool) -> str:
    if again:
        return "Trying once more."
    spent = training.attempts >= Training.MAX_ATTEMPTS
    return "Stopped after two attempts." if spent else "Stopped: another attempt would end alike."


def sweep(*, now: datetime) -> list[Training]:
    """Rings for every job that waits with nobody working on it; ends those with no attempt left."""
    rung = []
    for training in Training.objects.filter(
        status__in=[Training.Status.QUEUED, Training.Status.RUNNING]
    ):
        if training.may_start(now):
            ring(training)
            rung.append(training)
        elif training.leased_until is not None and training.leased_until < now:
            give_up(training, "The worker went away while training.", now=now)
    return rung
