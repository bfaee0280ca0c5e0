"""Keeping what an analysis found."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import transaction

from experiments import selectors, telling
from experiments.metrics import Scorecard, ScorecardSpec
from experiments.metrics.exploring import KeptSamples, pack
from experiments.models import Experiment, Snapshot, SnapshotSamples


def store_snapshot(
    experiment: Experiment,
    scorecard: Scorecard,
    *,
    spec: ScorecardSpec,
    previous: Snapshot | None,
    log_versions: dict[str, int],
    log_until: datetime | None,
    code_version: str,
    samples: KeptSamples | None = None,
) -> Snapshot:
    """Keeps a scorecard with what produced it, and tells of what it is the first to find.

    Samples are kept of the newest snapshot alone: that is the one pages look at otherwise.
    """
    with transaction.atomic():
        # Of two looks at a time, the second sees what the first found and does not tell it again.
        Experiment.objects.select_for_update().get(pk=experiment.pk)
        last = selectors.latest_snapshot(experiment)
        telling.of_look(experiment, scorecard, selectors.scorecard_of(last) if last else None)
        snapshot = Snapshot.objects.create(
            experiment=experiment,
            phase=scorecard.phase,
            as_of=scorecard.as_of,
            settings=msgspec.to_builtins(spec),
            previous=previous,
            scorecard=msgspec.to_builtins(scorecard),
            log_versions=log_versions,
            log_until=log_until,
            code_version=code_version,
            state=scorecard.decision.state,
            users=sum(arm.users for arm in scorecard.arms),
            lift=_lift(scorecard),
        )
        SnapshotSamples.objects.filter(snapshot__experiment=experiment).delete()
        if samples is not None:
            SnapshotSamples.objects.create(snapshot=snapshot, body=pack(samples))
        return snapshot


def _lift(scorecard: Scorecard) -> float | None:
    """The headline's, once it is past the floor and health holds."""
    headline = scorecard.decision.headline
    judged = headline.floor.reached and not scorecard.failed_checks
    return headline.effect if judged else None
