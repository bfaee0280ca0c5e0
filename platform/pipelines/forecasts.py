"""Baselines of the log, and of files; those of the log are kept for pages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings

from events import readers
from experiments import baselines, exclusions, metric_definitions
from experiments.metrics import Metric
from experiments.metrics.exceptions import NoTraffic
from experiments.metrics.files import tables
from experiments.metrics.forecasts import Baseline, baseline, last_slate
from experiments.models import Placement

logger = logging.getLogger(__name__)

UNREADABLE = "The log could not be counted; the worker's output says why. It is tried again."


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


def count_due(*, now: datetime) -> list[str]:
    """Counts every placement that is due, by every metric; the keys of those counted.

    One that cannot be counted keeps no other from its turn.
    """
    return [placement.key for placement in baselines.due(now=now) if _count(placement, now)]


def _count(placement: Placement, now: datetime) -> bool:
    try:
        found = of_log(
            list(metric_definitions.metrics().values()),
            placement=placement.key,
            until=now,
            days=baselines.DAYS,
            lookback_days=baselines.LOOKBACK_DAYS,
        )
    except NoTraffic as nobody:
        baselines.store_problem(placement, str(nobody), now=now)
    except Exception:
        logger.exception("The baseline of %s could not be counted.", placement)
        baselines.store_problem(placement, UNREADABLE, now=now)
    else:
        baselines.store(placement, found, now=now)
        logger.info("%s: a baseline of %s users", placement, found.users)
        return True
    return False
