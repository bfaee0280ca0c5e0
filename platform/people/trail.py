"""The audit trail: what was done, by whom, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from people.actors import Actor
from people.models import AuditEntry


def record(
    *,
    at: datetime,
    actor: Actor,
    verb: str,
    kind: str,
    key: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str = "",
) -> AuditEntry:
    """Adds an entry. Call it within the transaction that does what it tells of, so that there is
    never the one without the other.

    `verb` is a plain one ("start", "set role"), `kind` and `key` what it was done to. `before` and
    `after` hold the fields it is about, as JSON types, Decimals or datetimes; no secrets.
    """
    return AuditEntry.objects.create(
        at=at,
        actor=actor.user,
        by=actor.name,
        verb=verb,
        kind=kind,
        key=key,
        before=before,
        after=after,
        why=why,
    )


def entries(
    kind: str | None = None, key: str | None = None, by: str | None = None
) -> QuerySet[AuditEntry]:
    """The trail, newest first; of one kind, thing or actor where asked for."""
    asked = {"kind": kind, "key": key, "by": by}
    return AuditEntry.objects.filter(**{k: v for k, v in asked.items() if v is not None})


def kinds() -> list[str]:
    """What was ever acted on."""
    return list(AuditEntry.objects.order_by("kind").values_list("kind", flat=True).distinct())


def actors() -> list[str]:
    """Who ever acted, by name."""
    return list(AuditEntry.objects.order_by("by").values_list("by", flat=True).distinct())
