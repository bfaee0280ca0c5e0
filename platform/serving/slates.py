"""Materialised slates: made ahead by a Celery worker, kept in Valkey, used where a model cannot
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import redis
from django.conf import settings

from serving.engine import Ranked

KEEP_SECONDS = 7 * 24 * 3600


class StoredSlate(msgspec.Struct, frozen=True, array_like=True):
    """What Valkey holds for a user of a recommender: which version made it, and the
    items in order.
    """

    version: str
    items: list[tuple[str, float, str | None]]

    def ranked(self, k: int, exclude: Iterable[str]) -> list[Ranked]:
        """The first k that are not excluded."""
        out = set(exclude)
        kept = (Ranked(item=i, score=s, why=w) for i, s, w in self.items if i not in out)
        return [slot for slot, _ in zip(kept, range(k), strict=False)]


def key(recommender: str, user: str) -> str:
    return f"winnow:slate:{recommender}:{user}"


def store(
    valkey: redis.Redis, recommender: str, version: str, slates: Mapping[str, Sequence[Ranked]]
) -> None:
    """Keeps slates per user, in one round trip."""
    pipe = valkey.pipeline(transaction=False)
    for user, slate in slates.items():
        items = [(slot.item, slot.score, slot.why) for slot in slate[: settings.SLATE_SIZE]]
        body = msgspec.msgpack.encode(StoredSlate(version, items))
        pipe.set(key(recommender, user), body, ex=KEEP_SECONDS)
    pipe.execute()


def decode(reply: bytes | None) -> StoredSlate | None:
    """The stored slate, or None where there is none."""
    return msgspec.msgpack.decode(reply, type=StoredSlate) if reply else None
