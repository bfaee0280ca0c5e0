"""Event ids acknowledged lately, so that a client's retry is answered as the duplicate it is.

They lie in Valkey because a retry mostly meets another process than the first try did. They may be
lost: a repeated event is then accepted once more, and dropped by the drain.
"""

from collections.abc import Sequence

import msgspec
import redis

from events.best_effort import BestEffort

KEEP_SECONDS = 3_600

# A batch is one argument, packed: the client would take longer to write a hundred commands, and to
# read their replies, than the server takes to run them.
_KNOWN = """
local known = {}
for place, id in ipairs(cmsgpack.unpack(ARGV[1])) do
  if redis.call('exists', ARGV[2] .. id) == 1 then
    known[#known + 1] = place - 1
  end
end
return known
"""
_REMEMBER = """
for _, id in ipairs(cmsgpack.unpack(ARGV[1])) do
  redis.call('set', ARGV[2] .. id, '', 'ex', ARGV[3])
end
"""


class RecentIds:
    """Ids of records whose fsync is done, remembered for an hour under keys of one prefix."""

    def __init__(self, client: redis.Redis, *, prefix: str = "winnow:event:") -> None:
        self._prefix = prefix
        self._known = client.register_script(_KNOWN)
        self._remember = client.register_script(_REMEMBER)
        self._writes = BestEffort("recent_remember")
        self._reads = BestEffort("recent_known")

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are remembered. Never raises."""
        if not ids:
            return set()
        packed = msgspec.msgpack.encode(ids)
        nothing: list[int] = []
        places = self._reads.run(lambda: self._known(args=[packed, self._prefix]), nothing)
        return {ids[place] for place in places}

    def remember(self, ids: Sequence[str]) -> None:
        """Remember ids, in one round trip. Never raises."""
        if ids:
            packed = msgspec.msgpack.encode(ids)
            self._writes.run(
                lambda: self._remember(args=[packed, self._prefix, KEEP_SECONDS]), None
            )
