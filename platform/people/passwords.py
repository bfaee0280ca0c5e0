"""Passwords: one made for a single login, and the one that a person then chooses."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from people import trail
from people.actors import Actor
from people.models import Person


def one_time() -> str:
    """Good for one login: 96 random bits."""
    return secrets.token_urlsafe(12)


def renew(user: User, *, actor: Actor, now: datetime) -> str:
    """A password for one login, for somebody who lost theirs. Every open session of theirs ends."""
    password = one_time()
    with transaction.atomic():
        _set(user, password, must_choose=True)
        trail.record(
            at=now, actor=actor, verb="renew password", kind="person", key=user.get_username()
        )
    return password


def choose(user: User, password: str, *, now: datetime) -> None:
    """A person's own choice, already found good enough."""
    with transaction.atomic():
        _set(user, password, must_choose=False)
        trail.record(
            at=now,
            actor=Actor.of(user),
            verb="choose password",
            kind="person",
            key=user.get_username(),
        )


def _set(user: User, password: str, *, must_choose: bool) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    user.person, _ = Person.objects.update_or_create(
        user=user, defaults={"must_choose_password": must_choose}
    )
