"""Reads on people."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from people.roles import Role


def everybody() -> QuerySet[User]:
    """All accounts, those in use first."""
    return User.objects.select_related("person").order_by("-is_active", "username")


def admins() -> QuerySet[User]:
    """Who can set roles now."""
    admin = Q(is_superuser=True) | Q(person__role=Role.ADMIN.value)
    return User.objects.filter(admin, is_active=True).order_by("username")
