"""Live history: a user's last items, so that a click changes the next slate without retraining."""

from collections.abc import Iterable
from typing import Any

import msgspec
import redis

from events.best_effort import BestEffort

LENGTH = 50
KEEP_SECONDS = 30 * 86_400

# An item seen, then put in the cart, then bought is one item of the history, at its last place. The
# pairs are one argument, packed, as in `events.recent`.
_PUSH = """
local users = {}
for _, pair in ipairs(cmsgpack.unpack(ARGV[1])) do
  local name = 'winnow:history:' .. pair[1]
  redis.call('lrem', name, 0, pair[2])
  redis.call('rpush', name, pair[2])
  users[name] = true
end
for name in pairs(users) do
  redis.call('ltrim', name, -tonumber(ARGV[2]), -1)
  redis.call('expire', name, ARGV[3])
end
"""


class LiveHistory:
    """The last 50 distinct items of each user, newest last, in Valkey.

    All of it may be lost at any moment: nothing but the next slates depends on it. Someone who has
    a pipeline of their own uses `read_command` and `decode` to spare a round trip.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._push = client.register_script(_PUSH)
        self._writes = BestEffort("history_push")
        self._reads = BestEffort("history_read")

    def push(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Append (user, item) pairs, oldest first, in one round trip. Never raises."""
        items = tuple(pairs)
        if items:
            packed = msgspec.msgpack.encode(items)
            self._writes.run(lambda: self._push(args=[packed, LENGTH, KEEP_SECONDS]), None)

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
