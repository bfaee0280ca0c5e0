"""Calls to Valkey that may fail without anybody noticing, except in the counters."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis

from events.counters import counters

log = logging.getLogger(__name__)

T = TypeVar("T")
SAY_SECONDS = 60.0
REST_SECONDS = 1.0


class Outage:
    """What this process has said of Valkey's being away: once an outage, and once a minute at most.

    An outage ends with the next call that succeeds, whoever makes it. The minute is for a Valkey
    that answers every other call.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said_at = float("-inf")
        self._said = False

    def note(self, name: str, error: Exception) -> None:
        """A call of `name` failed."""
        with self._lock:
            if self._said or self._clock() - self._said_at < SAY_SECONDS:
                return
            self._said, self._said_at = True, self._clock()
        log.warning("Valkey did not answer (%s): %s. Going on without.", name, error)

    def end(self) -> None:
        """A call succeeded."""
        self._said = False

    def forget(self) -> None:
        """Back to the state of a process just started."""
        self._said, self._said_at = False, float("-inf")


outage = Outage()


class BestEffort:
    """Runs calls; a failed one gives the default, is counted, and is told to `outage`.

    For a second after a failure nothing is tried, so a Valkey that hangs costs its timeout once a
    second and not once a request.
    """

    def __init__(self, name: str, *, rest: float = REST_SECONDS, outage: Outage = outage) -> None:
        self.name = name
        self._rest = rest
        self._outage = outage
        self._failed_at = float("-inf")

    def run(self, call: Callable[[], T], default: T) -> T:
        """What `call` returns, or `default`."""
        if time.monotonic() - self._failed_at < self._rest:
            counters.add(f"{self.name}_skipped")
            return default
        try:
            answer = call()
        except (redis.RedisError, OSError) as error:
            counters.add(f"{self.name}_failures")
            self._failed_at = time.monotonic()
            self._outage.note(self.name, error)
            return default
        self._outage.end()
        return answer
