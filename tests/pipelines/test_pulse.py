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


def exposure(request_id: str, served_by: str, latency_ms: float, at: datetime) -> Exposure:
    return Exposure(
        request_id=request_id,
        user="u1",
        experiment=None,
        phase=None,
        variant=None,
        placement="home",
        recommender="popular",
        model_version=None,
        plan_version=1,
        items=(),
        reason="no_experiment",
        served_by=served_by,
        fallback=None,
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
