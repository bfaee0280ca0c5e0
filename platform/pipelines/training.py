"""Running a training job: the worker's side, which holds the lease, and the child's, which does the
work.

The work runs in a fresh child process. TensorFlow never meets a fork, and all that a training took
of memory goes back with the process.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pipelines import child, gate, learning, slates
from pipelines.event_files import EventFile
from recommenders import jobs, services
from recommenders.algorithms import Algorithm, create
from recommenders.dataset import Dataset
from recommenders.evaluation import Judged
from recommenders.gate import GateVerdict
from recommenders.models import ModelVersion, Recommender, Training
from serving import plans

logger = logging.getLogger(__name__)

FIT_SHARE = 0.45  # of a training's progress, for each of its two fits

Report = Callable[[float, str, "dict[str, float] | None"], None]


def attempt(training_id: int) -> None:
    """Claims the job and sees one attempt through. Does nothing where the job is not to be had."""
    training = jobs.claim(training_id, now=timezone.now())
    if training is None:
        return
    key = training.recommender.key
    logger.info("training %s, attempt %s", key, training.attempts)
    try:
        error = _tried(training)
    except child.LimitReached as limit:
        logger.error("training %s: %s", key, limit)
        jobs.give_up(training, str(limit), now=timezone.now(), for_good=True)
        return
    if error is None:
        logger.info("training %s is over", key)
        return
    logger.error("training %s failed: %s", key, error.strip().splitlines()[-1])
    jobs.give_up(training, error, now=timezone.now())


def _tried(training: Training) -> str | None:
    """What the child said where it failed; None where it did not, or the job was cancelled."""
    with tempfile.TemporaryFile() as errors:
        code = child.run(
            "train_job",
            training.pk,
            errors,
            renew=lambda: jobs.renew(training, now=timezone.now()),
            limits=child.Limits(
                seconds=settings.TRAIN_SECONDS, memory_bytes=settings.TRAIN_MEMORY_BYTES
            ),
        )
        training.refresh_from_db(fields=["status"])
        if code == 0 or training.status == Training.Status.CANCELLED:
            return None
        return child.last_words(errors, code, of="training")


def run(training: Training) -> ModelVersion:
    """The child's work: fit on the older part and judge, then fit on everything and store."""
    recommender = training.recommender
    data, learned_from = learning.learn(recommender, now=timezone.now())
    report = _reporting(training)
    report(0.02, f"Read {data.n_interactions:,} interactions of {data.n_users:,} users.", None)
    judged, verdict = _judged(recommender, data, report)
    model = _fit(recommender.algorithm, recommender.config, data, report, start=0.53, curve=False)
    report(0.98, "Storing the model version.", None)
    version = services.add_version(
        training,
        model,
        data,
        metrics=gate.metrics_of(judged),
        models_dir=settings.MODELS_DIR,
        learned_from=learned_from,
        gate=verdict,
    )
    _ended(training, version)
    return version


def _reporting(training: Training) -> Report:
    """Progress goes into the job's row, points of the curve into TensorBoard's file as well."""
    curves = EventFile(settings.TENSORBOARD_DIR / curves_folder(training))

    def report(fraction: float, message: str, curve: dict[str, float] | None) -> None:
        jobs.report(training, fraction, message, curve)
        if curve is not None:
            step = int(curve.get("epoch", len(training.curve)))
            values = {name: value for name, value in curve.items() if name != "epoch"}
            curves.add(step, values, now=time.time())

    return report


def _judged(
    recommender: Recommender, data: Dataset, report: Report
) -> tuple[Judged | None, GateVerdict | None]:
    """How a model of the older part does on the newest, and against the live version there."""
    live = recommender.live
    parts = gate.split(data, live)
    fitted = _fit(recommender.algorithm, recommender.config, parts.older, report, start=0.05)
    report(0.5, "Measuring on the newest part.", None)
    judged = gate.measured(fitted, parts)
    return judged, gate.verdict(judged, live, parts, bound=recommender.trained_by.bound)


def _ended(training: Training, version: ModelVersion) -> None:
    with transaction.atomic():
        jobs.succeed(training, version, now=timezone.now())
        plans.publish()
    training.recommender.refresh_from_db(fields=["live"])
    if training.recommender.live == version:
        slates.ask(training.recommender.key)


def curves_folder(training: Training) -> str:
    """Of an attempt's curves, below TENSORBOARD_DIR: `conv-ctr/12-1`."""
    return f"{training.recommender.key}/{training.pk}-{training.attempts}"


def _fit(
    algorithm: str,
    config: dict[str, object],
    data: Dataset,
    report: Report,
    *,
    start: float,
    curve: bool = True,
) -> Algorithm[Any]:
    model = create(algorithm, **config)

    def progress(fraction: float, message: str, row: dict[str, float] | None = None) -> None:
        report(start + FIT_SHARE * fraction, message, row if curve else None)

    model.fit(data, progress=progress)
    return model
