"""API keys: made once and kept as a hash. Only a client key, which is published anyway, is kept
whole too, so that it can be copied again.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from experiments.assignment import PlannedKey
from people import trail
from people.actors import COMMAND, Actor
from people.roles import Role
from serving import plans
from serving.access import Access, ClientAccess, ServerAccess
from serving.exceptions import Invalid
from serving.models import ApiKey

LONGEST_NAME = 120
SHOWN = 5
"""Characters after the prefix by which a key is recognised."""


def create_key(
    name: str, access: Access | None = None, *, actor: Actor = COMMAND
) -> tuple[ApiKey, str]:
    """A new key and its secret. Without `access`, a server key that may do everything.

    Raises Invalid (name).
    """
    name, access = name.strip(), access or ServerAccess()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"Give the key a name of 1 to {LONGEST_NAME} characters.", pointer="/name")
    secret = access.prefix + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            prefix=secret[: len(access.prefix) + SHOWN],
            sha256=digest(secret),
            published=secret if isinstance(access, ClientAccess) else "",
            **_columns(access),
        )
        _record("create", key, at=key.created_at, actor=actor, after=_told(key))
        plans.publish()
    return key, secret


def change_key(key: ApiKey, access: ClientAccess, *, actor: Actor, now: datetime) -> None:
    """Other origins or another limit for a client key, which apps that are out cannot exchange."""
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().get(pk=key.pk, kind=access.kind, revoked_at=None)
        before = _told(key)
        key.origins, key.per_minute = list(access.origins), access.per_minute
        if _told(key) == before:
            return
        key.save(update_fields=["origins", "per_minute"])
        _record("change", key, at=now, actor=actor, before=before, after=_told(key))
        plans.publish()


def revoke_key(key: ApiKey, *, now: datetime, actor: Actor = COMMAND, why: str = "") -> None:
    """Ends a key: within seconds no process accepts it."""
    with transaction.atomic():
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        _record("revoke", key, at=now, actor=actor, before=_told(key), why=why)
        plans.publish()


def authenticate(secret: str) -> PlannedKey | None:
    """The key that `secret` belongs to. Keys are part of the plan, so this needs no database.

    A key that is not known may have been made a moment ago: then the plan is looked at anew.
    """
    sha256 = digest(secret)
    return plans.current().keys.get(sha256) or plans.holder.refreshed().keys.get(sha256)


def opens(origin: str) -> bool:
    """Whether pages of `origin` may use any client key."""
    return any(origin in key.origins for key in plans.current().keys.values())


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _columns(access: Access) -> dict[str, Any]:
    if isinstance(access, ServerAccess):
        return {"kind": access.kind, "role": access.role.value}
    return {
        "kind": access.kind,
        "role": Role.VIEWER.value,
        "origins": list(access.origins),
        "per_minute": access.per_minute,
    }


def _told(key: ApiKey) -> dict[str, Any]:
    """What the audit trail says of a key."""
    said: dict[str, Any] = {"kind": key.kind, "begins_with": key.prefix}
    if key.kind == ServerAccess.kind:
        return said | {"role": key.role}
    return said | {"origins": list(key.origins), "per_minute": key.per_minute}


def _record(verb: str, key: ApiKey, *, at: datetime, actor: Actor, **fields: Any) -> None:
    trail.record(at=at, actor=actor, verb=verb, kind="key", key=key.name, **fields)
