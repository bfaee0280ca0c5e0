"""Live history: a user's last items, so that a click changes the next slate without retraining."""

from collections.abc import Iterable
from typing import Any

import redis

from events.best_effort import BestEffort

LENGTH = 50
KEEP_SECONDS = 30 * 86_400


class LiveHistory:
    """The last 50 distinct items of each user, newest last, in Valkey.

    All of it may be lost at any moment: nothing but the next slates depends on it. Someone who has
    a pipeline of their own uses `read_command` and `decode` to spare a round trip.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._writes = BestEffort("history_push")
        self._reads = BestEffort("history_read")

    def push(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Append (user, item) pairs, oldest first, in one round trip. Never raises."""
        pipe = self._client.pipeline(transaction=False)
        for user, item in pairs:
            _queue_push(pipe, key(user), item)
        if len(pipe):
            self._writes.run(pipe.execute, [])

    def read(self, user: str) -> list[str]:
        """The user's items, newest last; empty for an unknown user or without Valkey."""
        nothing: list[bytes | str] = []
        reply = self._reads.run(lambda: self._client.lrange(key(user), 0, -1), nothing)
        return decode(reply)


def key(user: str) -> str:
    """Valkey's key of a user's history."""
    return f"winnow:history:{user}"


def read_command(pipe: Any, user: str) -> None:
    """Queue the read of a user's history on a pipeline; `decode` its reply."""
    pipe.lrange(key(user), 0, -1)


def decode(reply: Any) -> list[str]:
    """The items, newest last, of a reply to `read_command` by a client of either decoding."""
    return [_text(item) for item in reply or ()]


def _text(item: bytes | str) -> str:
    return item.decode(errors="replace") if isinstance(item, bytes) else item


def _queue_push(pipe: Any, name: str, item: str) -> None:
    # An item seen, then put in the cart, then bought is one item of the history, at its last place.
    pipe.lrem(name, 0, item)
    pipe.rpush(name, item)
    pipe.ltrim(name, -LENGTH, -1)
    pipe.expire(name, KEEP_SECONDS)
