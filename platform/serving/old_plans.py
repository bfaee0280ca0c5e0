"""The plans that were published before: they stay as long as the log does, so that what an exposure
names can be read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from serving.models import PublishedPlan


def forget(user: str) -> None:
    """Takes an erased user's overrides out of every plan that was published."""
    for row in PublishedPlan.objects.iterator(chunk_size=20):
        mine = [overrides for overrides in _overrides(row.body) if user in overrides]
        for overrides in mine:
            del overrides[user]
        if mine:
            row.save(update_fields=["body"])


def prune(before: datetime) -> int:
    """Deletes the plans that no exposure since `before` can name, and says how many.

    The one in force then stays, and so does the very first: it is what publishers wait for.
    """
    older = PublishedPlan.objects.filter(published_at__lt=before).order_by("pk")
    kept = [row.pk for row in (older.first(), older.last()) if row is not None]
    deleted, _ = older.exclude(pk__in=kept).delete()
    return deleted


def _overrides(plan: dict[str, Any]) -> list[dict[str, str]]:
    """Those of each experiment; plans from before there were any have none."""
    return [experiment.get("overrides", {}) for experiment in plan.get("experiments", ())]
