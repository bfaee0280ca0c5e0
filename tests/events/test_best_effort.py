"""Valkey's absence is said once, however many notice it."""

from __future__ import annotations

import logging

import pytest
import redis

from events.best_effort import BestEffort, Outage


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def callers(clock: Clock) -> list[BestEffort]:
    outage = Outage(clock=clock)
    return [BestEffort(name, rest=0, outage=outage) for name in ("reads", "writes")]


def fail() -> int:
    raise redis.ConnectionError("refused")


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


SAID = "Valkey did not answer (reads): refused. Going on without."


def test_an_outage_is_said_once_in_a_process(
    callers: list[BestEffort], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        assert [caller.run(fail, 7) for caller in callers] == [7, 7]
        clock.now += 3600
    assert said(caplog) == [SAID]


def test_the_next_outage_is_said_again_but_not_within_a_minute(
    callers: list[BestEffort], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    reads, writes = callers
    reads.run(fail, 0)
    assert writes.run(lambda: 5, 0) == 5
    clock.now += 59
    reads.run(fail, 0)
    assert said(caplog) == [SAID]
    clock.now += 1
    reads.run(fail, 0)
    assert said(caplog) == [SAID, SAID]
