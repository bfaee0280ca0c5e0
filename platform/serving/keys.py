"""API keys: made once, shown once, kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from experiments.assignment import PlannedKey
from serving import plans
from serving.exceptions import Invalid
from serving.models import ApiKey

PREFIX = "wn_"
LONGEST_NAME = 120


def create_key(name: str) -> tuple[ApiKey, str]:
    """A new key and its secret, which nothing can show again. Raises Invalid (name)."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"Give the key a name of 1 to {LONGEST_NAME} characters.", pointer="/name")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(name=name, prefix=secret[:8], sha256=digest(secret))
        plans.publish()
    return key, secret


def revoke_key(key: ApiKey, *, now: datetime) -> None:
    """Ends a key: within seconds no process accepts it."""
    with transaction.atomic():
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        plans.publish()


def authenticate(secret: str) -> PlannedKey | None:
    """The key that `secret` belongs to. Keys are part of the plan, so this needs no database.

    A key that is not known may have been made a moment ago: then the plan is looked at anew.
    """
    sha256 = digest(secret)
    return plans.current().keys.get(sha256) or plans.holder.refreshed().keys.get(sha256)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
