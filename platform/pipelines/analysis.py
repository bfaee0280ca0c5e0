"""From the log to snapshots."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from events import readers
from experiments import cadence, selectors, services
from experiments.metrics import scorecard
from experiments.models import Experiment, Snapshot

logger = logging.getLogger(__name__)

SLACK = timedelta(seconds=5)  # the clock does not tick to the millisecond


def analyse_due(*, now: datetime, force: bool = False) -> list[Snapshot]:
    """Analyses every running experiment whose time has come, and once more each that
    was stopped.
    """
    due = [e for e in selectors.analysable() if force or is_due(e, now=now)]
    if not due:
        return []
    log = readers.open_log(settings.LOG_DIR)
    return [analyse(experiment, log, now=now) for experiment in due]


def is_due(experiment: Experiment, *, now: datetime) -> bool:
    """Whether enough has passed since the last snapshot."""
    last = selectors.latest_snapshot(experiment)
    if last is None:
        return True
    if experiment.stopped_at is not None:
        return last.as_of < experiment.stopped_at
    pause = cadence.pause(selectors.scorecard_of(last).period_seconds)
    return now - last.as_of >= pause - SLACK


def analyse(experiment: Experiment, log: readers.Log, *, now: datetime) -> Snapshot:
    """One snapshot of the experiment's newest phase, from the log as it is pinned."""
    spec = selectors.scorecard_spec(experiment, as_of=now)
    last = selectors.latest_snapshot(experiment)
    previous = selectors.scorecard_of(last) if last and last.phase == spec.phase else None
    card = scorecard(log.exposures(), log.events(), spec, previous=previous)
    snapshot = services.store_snapshot(
        experiment,
        card,
        body=msgspec.to_builtins(card),
        log_versions={str(stream): version for stream, version in log.versions.items()},
        code_version=settings.WINNOW_VERSION,
    )
    users = sum(arm.users for arm in card.arms)
    logger.info("%s: snapshot %s, %s users", experiment.key, snapshot.pk, users)
    return snapshot
