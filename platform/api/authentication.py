"""Keys: `Authorization: Bearer KEY` or `X-API-Key: KEY`."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from experiments.assignment import PlannedKey
from serving import keys

HOW = "Send a key of Settings, API keys as `Authorization: Bearer KEY` or `X-API-Key: KEY`."


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticates by the plan's keys. `request.auth` is the PlannedKey; there is no user."""

    def authenticate(self, request: Request) -> tuple[None, PlannedKey]:
        secret = secret_of(request)
        if secret is None:
            raise AuthenticationFailed(f"An API key is needed. {HOW}")
        key = keys.authenticate(secret)
        if key is None:
            raise AuthenticationFailed(f"This API key is not known or was revoked. {HOW}")
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="winnow"'


def key_of(request: Request) -> PlannedKey:
    """The key that an authenticated request came with."""
    key = request.auth
    if not isinstance(key, PlannedKey):
        raise TypeError("A view that needs a key was reached without one.")
    return key


def secret_of(request: Request | HttpRequest) -> str | None:
    """The key that came with the request, whether it is known or not."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return secret.strip()
    return request.headers.get("X-API-Key") or None
