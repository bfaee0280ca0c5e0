"""Who is asking. Every view is behind a login, so there is always a person."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest


def person(request: HttpRequest) -> User:
    """The person who is logged in."""
    if not isinstance(request.user, User):
        raise TypeError("A view that needs a person was reached without a login.")
    return request.user
