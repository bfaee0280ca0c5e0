"""The pulse is of what was routed here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from events import runtime
from events.drain import Drain
from events.records import Exposure
from pipelines import pulse

pytestmark = pytest.mark.django_db


def exposure(
    request_id: str,
    served_by: str,
    latency_ms: float,
    at: datetime,
    *,
    recommender: str = "popular",
    fallback: str | None = None,
) -> Exposure:
    return Exposure(
        request_id=request_id,
        user="u1",
        experiment=None,
        phase=None,
        variant=None,
        placement="home",
        recommender=recommender,
        model_version=None,
        plan_version=1,
        items=(),
        reason="no_experiment",
        served_by=served_by,
        fallback=fallback,
        latency_ms=latency_ms,
        attributes={},
        at=at,
    )


def test_exposures_that_a_caller_sent_are_no_requests(
    fresh_process: object, settings: Settings
) -> None:
    now = datetime.now(UTC)
    at = now - timedelta(seconds=20)
    runtime.exposures_journal().append(
        [
            exposure("r1", "web", 8.0, at),
            exposure("r2", "web", 8.0, at),
            exposure("r3", "caller", 0.0, at),
        ]
    )
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()

    taken = pulse.take(now=now)

    assert (taken.requests_per_minute, taken.p95_ms) == (2, 8.0)


def test_fallbacks_are_counted_by_recommender_and_reason(
    fresh_process: object, settings: Settings
) -> None:
    now = datetime.now(UTC)
    at = now - timedelta(seconds=20)
    runtime.exposures_journal().append(
        [
            exposure("r1", "web", 8.0, at),
            exposure("r2", "cache", 8.0, at, fallback="model_loading"),
            exposure("r3", "worker", 8.0, at, recommender="ease", fallback="model_error"),
            exposure("r4", "cache", 8.0, at, recommender="ease", fallback="model_error"),
        ]
    )
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()

    taken = pulse.take(now=now)

    assert taken.fallback_share == 0.75
    assert taken.fallbacks == {"ease": {"model_error": 2}, "popular": {"model_loading": 1}}
