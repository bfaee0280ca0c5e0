"""Which fields records were rejected for in the last hour: best effort, in Valkey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from events import runtime
from events.best_effort import BestEffort
from events.ingest import Rejection
from events.records import Stream
from events.validation import FIELDS as EVENT_FIELDS
from serving.reported import ReportedExposure

BUCKET_SECONDS = 300
HOUR_BUCKETS = 12
OTHER = "other"
"""Stands for the whole record, and for fields that such records do not have."""
FIELDS: dict[Stream, tuple[str, ...]] = {
    "events": EVENT_FIELDS,
    "exposures": ReportedExposure.__struct_fields__,
}

calls = BestEffort("rejections")


def note(stream: Stream, rejected: Sequence[Rejection], *, now: datetime) -> None:
    """Count rejections by field. Never raises."""
    if rejected:
        counts = Counter(_field(stream, rejection.field) for rejection in rejected)
        calls.run(lambda: _note(stream, counts, now), None)


def last_hour(stream: Stream, *, now: datetime) -> dict[str, int] | None:
    """Rejected records by field, most first, of the last 60 to 65 minutes. None without Valkey."""
    found = calls.run(lambda: _read(stream, now), None)
    return None if found is None else dict(found.most_common())


def _note(stream: Stream, counts: Counter[str], now: datetime) -> None:
    pipe = runtime.valkey().pipeline(transaction=False)
    key = _key(stream, _bucket(now))
    for field, count in counts.items():
        pipe.hincrby(key, field, count)
    pipe.expire(key, BUCKET_SECONDS * (HOUR_BUCKETS + 2))
    pipe.execute()


def _read(stream: Stream, now: datetime) -> Counter[str]:
    pipe = runtime.valkey().pipeline(transaction=False)
    newest = _bucket(now)
    for bucket in range(newest - HOUR_BUCKETS, newest + 1):
        pipe.hgetall(_key(stream, bucket))
    found: Counter[str] = Counter()
    reply: dict[Any, Any]
    for reply in pipe.execute():
        found.update({field.decode(): int(count) for field, count in reply.items()})
    return found


def _field(stream: Stream, field: str) -> str:
    name = field.partition("/")[0]
    return name if name in FIELDS[stream] else OTHER


def _bucket(now: datetime) -> int:
    return int(now.timestamp()) // BUCKET_SECONDS


def _key(stream: Stream, bucket: int) -> str:
    return f"winnow:rejected:{stream}:{bucket}"
