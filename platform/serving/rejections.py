"""Which fields events were rejected for in the last hour: best effort, in Valkey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from events import runtime
from events.best_effort import BestEffort
from events.ingest import Rejection
from events.validation import FIELDS

BUCKET_SECONDS = 300
HOUR_BUCKETS = 12
OTHER = "other"
"""Stands for the whole event, and for fields that events do not have."""

calls = BestEffort("rejections")


def note(rejected: Sequence[Rejection], *, now: datetime) -> None:
    """Count rejections by field. Never raises."""
    if rejected:
        counts = Counter(_field(rejection.field) for rejection in rejected)
        calls.run(lambda: _note(counts, now), None)


def last_hour(*, now: datetime) -> dict[str, int] | None:
    """Rejected events by field, most first, of the last 60 to 65 minutes. None without Valkey."""
    found = calls.run(lambda: _read(now), None)
    return None if found is None else dict(found.most_common())


def _note(counts: Counter[str], now: datetime) -> None:
    pipe = runtime.valkey().pipeline(transaction=False)
    key = _key(_bucket(now))
    for field, count in counts.items():
        pipe.hincrby(key, field, count)
    pipe.expire(key, BUCKET_SECONDS * (HOUR_BUCKETS + 2))
    pipe.execute()


def _read(now: datetime) -> Counter[str]:
    pipe = runtime.valkey().pipeline(transaction=False)
    newest = _bucket(now)
    for bucket in range(newest - HOUR_BUCKETS, newest + 1):
        pipe.hgetall(_key(bucket))
    found: Counter[str] = Counter()
    reply: dict[Any, Any]
    for reply in pipe.execute():
        found.update({field.decode(): int(count) for field, count in reply.items()})
    return found


def _field(field: str) -> str:
    name = field.partition("/")[0]
    return name if name in FIELDS else OTHER


def _bucket(now: datetime) -> int:
    return int(now.timestamp()) // BUCKET_SECONDS


def _key(bucket: int) -> str:
    return f"winnow:rejected:{bucket}"
