"""The roles of people and of keys. Each may do what the ones before it may, and more."""

from __future__ import annotations

import enum
from functools import total_ordering
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@total_ordering
class Role(enum.Enum):
    """What somebody is trusted with, the least first: `Role.VIEWER < Role.ADMIN`."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    EXPERIMENTER = "experimenter"
    ADMIN = "admin"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Role):
            return NotImplemented
        ordered = list(Role)
        return ordered.index(self) < ordered.index(other)

    @property
    def may(self) -> str:
        """In words, what this role may do beyond the ones before it."""
        return MAY[self]


MAY = {
    Role.VIEWER: "Sees everything: experiments and their results, recommenders, metrics, the data, "
    "who has which role, and the audit trail. Changes nothing.",
    Role.ANALYST: "Defines, changes and archives metrics, asks for an analysis or an A/A audit, "
    "which they may cancel, makes and revokes reports, and says whom the analysis leaves out.",
    Role.EXPERIMENTER: "Creates, changes, starts, stops and decides experiments; registers and "
    "trains recommenders; imports files.",
    Role.ADMIN: "Makes and revokes API keys, adds webhooks, sets what placements pin and bury, "
    "invites people and sets their roles, imports files that lie on the server, and has a person "
    "erased from the log.",
}
"""One table, shown on the page and in docs/reference/roles.md."""


def role_of(user: User) -> Role:
    """A superuser is an admin. Anybody else has the role of their row, and without one views."""
    if user.is_superuser:
        return Role.ADMIN
    row = getattr(user, "person", None)
    return Role.VIEWER if row is None else Role(row.role)
