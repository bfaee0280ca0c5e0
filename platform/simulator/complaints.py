"""Trouble that must not end anything and not fill the screen either."""

import time
from collections.abc import Callable

from simulator.exceptions import SimulatorError

EVERY = 60.0  # seconds between two lines


class Complaints:
    """Counts errors and says the latest of them, with the count, at most once a minute."""

    def __init__(
        self, say: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say, self._clock = say, clock
        self._said_at = float("-inf")
        self._unsaid = 0
        self.total = 0

    def __call__(self, error: SimulatorError) -> None:
        """Take one error."""
        self.total += 1
        self._unsaid += 1
        if self._clock() - self._said_at >= EVERY:
            times = "once" if self._unsaid == 1 else f"{self._unsaid} times"
            self._say(f"Shoppers met trouble {times} since this was last said: {error}")
            self._said_at, self._unsaid = self._clock(), 0
