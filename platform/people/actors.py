"""Who does something: a person, a key, or Winnow by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Actor:
    """`name` is what the audit trail says for ever; `user` the account, where it is a person's."""

    name: str
    user: User | None = None

    @classmethod
    def of(cls, user: User) -> Actor:
        return cls(name=user.get_username(), user=user)

    @classmethod
    def key(cls, name: str) -> Actor:
        """The holder of the API key of that name."""
        return cls(name=f"key {name}")


SCHEDULE = Actor("schedule")
"""A start, an end or a training that was set for a time."""

RAMP = Actor("ramp")
"""A ramp that advances, holds or rolls back by itself."""

ERASURE = Actor("erasure")
"""An erasure that takes somebody out of all that is kept."""

COMMAND = Actor("command")
"""Whoever runs manage.py on the server."""
