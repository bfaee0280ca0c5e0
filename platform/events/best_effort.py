"""Calls to Valkey that may fail without anybody noticing, except in the counters."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import redis

from events.counters import counters

log = logging.getLogger(__name__)

T = TypeVar("T")
SAY_SECONDS = 60.0
REST_SECONDS = 1.0


class BestEffort:
    """Runs calls; a failed one gives the default, is counted, and is said at most once a minute.

    For a second after a failure nothing is tried, so a Valkey that hangs costs its timeout once a
    second and not once a request.
    """

    def __init__(self, name: str, *, rest: float = REST_SECONDS) -> None:
        self.name = name
        self._rest = rest
        self._failed_at = float("-inf")
        self._said_at = float("-inf")

    def run(self, call: Callable[[], T], default: T) -> T:
        """What `call` returns, or `default`."""
        if time.monotonic() - self._failed_at < self._rest:
            counters.add(f"{self.name}_skipped")
            return default
        try:
            return call()
        except (redis.RedisError, OSError) as error:
            self._note(error)
            return default

    def _note(self, error: Exception) -> None:
        counters.add(f"{self.name}_failures")
        self._failed_at = time.monotonic()
        if self._failed_at - self._said_at >= SAY_SECONDS:
            self._said_at = self._failed_at
            log.warning("Valkey did not answer (%s): %s. Going on without.", self.name, error)
