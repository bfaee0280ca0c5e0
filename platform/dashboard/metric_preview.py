"""A metric over the last days of the log, for the page that defines it."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import datetime, timedelta

from django.conf import settings

from events import readers
from experiments import exclusions
from experiments.metrics import Metric
from experiments.metrics.previewing import Preview
from experiments.metrics.previewing import preview as count

logger = logging.getLogger(__name__)

DAYS = (1, 7, 28)


def preview(metric: Metric, *, days: int, now: datetime) -> Preview | None:
    """The metric over those served in the last days. None where the log cannot be read."""
    since = now - timedelta(days=days)
    try:
        with closing(readers.open_log(settings.LOG_DIR)) as log:
            exposures, events = (
                table.filter(table.day >= since.date()) for table in (log.exposures(), log.events())
            )
            rules = exclusions.in_force()
            return count(exposures, events, metric, since=since, until=now, exclusions=rules)
    except Exception:  # deltalake, DuckDB and the file system have no common error
        logger.exception("The log in %s cannot be read.", settings.LOG_DIR)
        return None
