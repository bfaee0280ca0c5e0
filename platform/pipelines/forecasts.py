"""Baselines of the log, and of files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings

from events import readers
from experiments import exclusions
from experiments.metrics import Metric
from experiments.metrics.files import tables
from experiments.metrics.forecasts import Baseline, baseline, last_slate


def of_log(
    metrics: Sequence[Metric],
    *,
    placement: str,
    until: datetime,
    days: int,
    lookback_days: float,
) -> Baseline:
    """Of our own log, without whom the rules in force leave out. Raises MetricsError."""
    log = readers.open_log(settings.LOG_DIR)
    try:
        return baseline(
            log.exposures(),
            log.events(),
            metrics,
            placement=placement,
            until=until,
            days=days,
            lookback_days=lookback_days,
            exclusions=exclusions.in_force(),
        )
    finally:
        log.close()


def of_files(
    exposures: Path,
    events: Path,
    metrics: Sequence[Metric],
    *,
    placement: str | None,
    until: datetime | None,
    days: int,
    lookback_days: float,
) -> Baseline:
    """Of two Parquet files; `until` None is their last exposure. Raises MetricsError."""
    with tables(exposures, events) as (served, done):
        last = until or last_slate(served)
        return baseline(
            served,
            done,
            metrics,
            placement=placement,
            until=last,
            days=days,
            lookback_days=lookback_days,
        )
