"""Materialised slates: made ahead by a Celery worker, kept in Valkey, used where a model cannot
answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import msgspec
import redis
from django.conf import settings

from serving.engine import Ranked

KEEP_SECONDS = 7 * 24 * 3600
FRESH_SECONDS = 15 * 60


class StoredSlate(msgspec.Struct, frozen=True, array_like=True):
    """What Valkey holds for a user of a recommender: which version made it, and the
    items in order.
    """

    version: str
    items: list[tuple[str, float | None, str | None]]

    def ranked(self, k: int, out: Set[str], buried: Sequence[str] = ()) -> list[Ranked]:
        """The first k that are not out, the buried ones after the others."""
        ordered = sorted(self.items, key=lambda one: one[0] in buried)
        kept = (Ranked(item=i, score=s, why=w) for i, s, w in ordered if i not in out)
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


def made_key(recommender: str) -> str:
    return f"winnow:slates:{recommender}"


def mark_made(valkey: redis.Redis, recommender: str, version: str) -> None:
    """Notes that the active users have slates of this version, for as long as that is news."""
    valkey.set(made_key(recommender), version, ex=FRESH_SECONDS)


def stale(valkey: redis.Redis, versions: Mapping[str, str]) -> list[str]:
    """Of the recommenders with their live versions, those whose slates are to be made anew."""
    if not versions:
        return []
    made = valkey.mget([made_key(recommender) for recommender in versions])
    return [
        recommender
        for (recommender, version), reply in zip(versions.items(), made, strict=True)
        if reply != version.encode()
    ]


def decode(reply: bytes | None) -> StoredSlate | None:
    """The stored slate; None where there is none, or one that another release wrote."""
    try:
        return msgspec.msgpack.decode(reply, type=StoredSlate) if reply else None
    except msgspec.MsgspecError:
        return None
