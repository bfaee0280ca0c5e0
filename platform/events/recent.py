"""Event ids acknowledged lately, so that a client's retry is answered as the duplicate it is.

They lie in Valkey because a retry mostly meets another process than the first try did. They may be
lost: a repeated event is then accepted once more, and dropped by the drain.
"""

from collections.abc import Sequence

import redis

from events.best_effort import BestEffort

KEEP_SECONDS = 3_600


class RecentIds:
    """Ids of events whose fsync is done, remembered for an hour."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._writes = BestEffort("recent_remember")
        self._reads = BestEffort("recent_known")

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are remembered. Never raises."""
        if not ids:
            return set()
        keys = [_key(id_) for id_ in ids]
        nothing: list[bytes | str | None] = [None] * len(ids)
        found = self._reads.run(lambda: self._client.mget(keys), nothing)
        return {id_ for id_, value in zip(ids, found, strict=True) if value is not None}

    def remember(self, ids: Sequence[str]) -> None:
        """Remember ids, in one round trip. Never raises."""
        pipe = self._client.pipeline(transaction=False)
        for id_ in ids:
            pipe.set(_key(id_), b"", ex=KEEP_SECONDS)
        if ids:
            self._writes.run(pipe.execute, [])


def _key(id_: str) -> str:
    return f"winnow:event:{id_}"
