"""When each stream is drained next: by itself, so that one that fails holds up no other."""

import logging
import time

from events.exceptions import LogConflict
from events.stream_drain import Commit, StreamDrain

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 30.0


class Paced:
    """One stream's drain, tried every `interval` seconds, at once where there is a backlog, and
    after growing pauses where it fails (disk full, log out of reach): its journals keep what it
    could not move.
    """

    def __init__(self, drain: StreamDrain, interval: float) -> None:
        self.due = 0.0
        self._drain = drain
        self._interval = interval
        self._failures = 0

    def take_turn(self) -> None:
        """One batch at most. Never raises what a commit raises: it is logged."""
        begun = time.monotonic()
        try:
            commit = self._drain.commit_batch()
        except Exception as error:
            self._say(error)
            self._failures += 1
            pause = min(self._interval * 2**self._failures, LONGEST_PAUSE_SECONDS)
        else:
            self._failures = 0
            pause = self._pause_after(commit)
        self.due = begun + pause

    def _pause_after(self, commit: Commit | None) -> float:
        if commit is None:
            return self._interval
        log.debug("%s", commit)
        return 0.0 if commit.more else self._interval

    def _say(self, error: Exception) -> None:
        stream = self._drain.stream
        if isinstance(error, LogConflict):
            # Erasure and retention replace what the drain had seen: the next turn starts there.
            log.info("The log of %s was changed meanwhile; the rows go in next time.", stream)
        else:
            log.error(
                "The drain could not commit %s; the journals keep the rows. Trying again.",
                stream,
                exc_info=error,
            )
