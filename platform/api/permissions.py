"""What a door of the API asks of a key. DRF imports this while it defines its views: it may import
none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView

from api.authentication import key_of
from experiments.assignment import PlannedKey
from people.roles import Role
from serving.access import CLIENT_DOORS

WHERE = "An admin makes keys on the page Settings, API keys."


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The least role of a server key to read and to write here, and whether a client key will do.

    A door that client keys open takes server keys of every role.
    """

    read: Role = Role.VIEWER
    write: Role = Role.VIEWER
    clients: bool = False

    def role_for(self, method: str | None) -> Role:
        return self.read if method in SAFE_METHODS else self.write


CLIENTS = Needs(clients=True)
"""A door that every key opens."""


class KeyAllows(BasePermission):
    """Holds each view's `needs` against the key of the request."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needs = getattr(view, "needs", None)
        if not isinstance(needs, Needs):
            raise ImproperlyConfigured(f"{type(view).__name__} does not say what it needs.")
        if (why := refusal(key_of(request), request, needs)) is not None:
            raise PermissionDenied(why)
        return True


def refusal(key: PlannedKey, request: Request, needs: Needs) -> str | None:
    """Why the request's key does not do, in words; None where it does."""
    role = needs.role_for(request.method)
    if key.kind == "client":
        return _of_client(key, request, needs, role)
    if Role(key.role) >= role:
        return None
    return (
        f"This needs a server key of role {_or_above(role)}; the key “{key.name}” has the role "
        f"{key.role}. {WHERE}"
    )


def _of_client(key: PlannedKey, request: Request, needs: Needs, role: Role) -> str | None:
    if not needs.clients:
        return (
            f"“{key.name}” is a client key, for {', '.join(CLIENT_DOORS[:-1])} and "
            f"{CLIENT_DOORS[-1]} alone. This needs a server key of role {_or_above(role)}. {WHERE}"
        )
    origin = request.headers.get("Origin")
    if origin is None or origin in key.origins:  # apps and programs send none
        return None
    places = ", ".join(key.origins) or "apps only, which send no Origin"
    return (
        f"The client key “{key.name}” may not be used from {origin[:255]}. "
        f"Allowed: {places}. {WHERE}"
    )


def _or_above(role: Role) -> str:
    return role.value if role == max(Role) else f"{role.value} or above"
