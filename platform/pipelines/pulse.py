"""How routing did in the last minute that the log holds whole."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
from django.conf import settings

from events import readers
from serving import exposing
from serving.models import Pulse

WINDOW = timedelta(minutes=1)
KEEP = timedelta(days=1)


def take(*, now: datetime) -> Pulse:
    """Stores the figures of the last minute, and forgets those older than a day."""
    log = readers.open_log(settings.LOG_DIR)
    exposures = log.exposures()
    fresh = log.freshness(now, journal_dir=settings.JOURNAL_DIR)["exposures"]
    until = now - timedelta(seconds=fresh.lag)
    recent = exposures.filter(
        (exposures["at"] >= until - WINDOW)
        & (exposures["at"] < until)
        & (exposures["day"] >= (until - WINDOW).date())
        & (exposures["served_by"] != exposing.SERVED_BY)  # not routed here
    )
    row = (
        recent.agg(
            n=recent.count(),
            p95=recent["latency_ms"].quantile(0.95),
            fallbacks=recent["fallback"].notnull().mean(),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    Pulse.objects.filter(at__lt=now - KEEP).delete()
    return Pulse.objects.create(
        at=now,
        requests_per_minute=row["n"] / (WINDOW / timedelta(minutes=1)),
        p95_ms=row["p95"],
        fallback_share=row["fallbacks"],
        log_lag_seconds=fresh.lag,
        fallbacks=_fallbacks(recent),
    )


def _fallbacks(recent: ibis.Table) -> dict[str, dict[str, int]]:
    """By recommender and reason, how many slates another made."""
    fell = recent.filter(recent["fallback"].notnull(), recent["recommender"].notnull())
    counted = fell.group_by("recommender", "fallback").aggregate(n=fell.count())
    found: dict[str, dict[str, int]] = {}
    for row in counted.order_by("recommender", "fallback").to_pyarrow().to_pylist():
        found.setdefault(row["recommender"], {})[row["fallback"]] = row["n"]
    return found
