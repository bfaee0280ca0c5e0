"""Keeping what an analysis found."""

from __future__ import annotations

from datetime import datetime

import msgspec

from experiments.metrics import Scorecard, ScorecardSpec
from experiments.models import Experiment, Snapshot


def store_snapshot(
    experiment: Experiment,
    scorecard: Scorecard,
    *,
    spec: ScorecardSpec,
    previous: Snapshot | None,
    log_versions: dict[str, int],
    log_until: datetime | None,
    code_version: str,
) -> Snapshot:
    """Keeps a scorecard with what produced it."""
    return Snapshot.objects.create(
        experiment=experiment,
        phase=scorecard.phase,
        as_of=scorecard.as_of,
        settings=msgspec.to_builtins(spec),
        previous=previous,
        scorecard=msgspec.to_builtins(scorecard),
        log_versions=log_versions,
        log_until=log_until,
        code_version=code_version,
    )
