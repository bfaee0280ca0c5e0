"""Writes on people. Each does one thing whole, with its entry in the audit trail, or raises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from people import actors, passwords, selectors, trail
from people.actors import Actor
from people.exceptions import Invalid
from people.models import Person
from people.roles import Role

LONGEST_NAME = 150
OURS = {actor.name for actor in (actors.SCHEDULE, actors.RAMP, actors.COMMAND)}


def invite(*, name: str, role: Role, actor: Actor, now: datetime) -> tuple[User, str]:
    """An account, and a password for its first login, which nothing can show again.

    Raises Invalid (name).
    """
    name = _checked(name.strip())
    password = passwords.one_time()
    try:
        with transaction.atomic():
            user = User.objects.create_user(name, password=password)
            Person.objects.create(user=user, role=role.value, must_choose_password=True)
            after = {"role": role.value, "active": True}
            _record("invite", user, actor=actor, now=now, after=after)
    except IntegrityError:  # somebody took the name between the check and here
        raise _taken(name) from None
    return user, password


def set_role(user: User, role: Role, *, actor: Actor, now: datetime) -> None:
    """Raises Invalid (role) for a superuser, and where nobody would be left to set roles."""
    if user.is_superuser:
        raise Invalid(
            f"{user.get_username()} is a superuser, and so always an admin. Only whoever runs the "
            "server can change that.",
            field="role",
        )
    with transaction.atomic():
        admins = _admins()
        person, _ = Person.objects.get_or_create(user=user)
        before = Role(person.role)
        if before == role:
            return
        _check_not_last(user, admins, field="role")
        person.role = role.value
        person.save(update_fields=["role"])
        user.person = person
        _record(
            "set role",
            user,
            actor=actor,
            now=now,
            before={"role": before.value},
            after={"role": role.value},
        )


def deactivate(user: User, *, actor: Actor, now: datetime) -> None:
    """Ends what the account can do, from its next request on. What it did stays told.

    Raises Invalid (active) where nobody would be left to set roles.
    """
    with transaction.atomic():
        _check_not_last(user, _admins(), field="active")
        _set_active(user, False, actor=actor, now=now, verb="deactivate")


def reactivate(user: User, *, actor: Actor, now: datetime) -> None:
    """Lets a deactivated account in again, with the role it had."""
    with transaction.atomic():
        _set_active(user, True, actor=actor, now=now, verb="reactivate")


def _set_active(user: User, active: bool, *, actor: Actor, now: datetime, verb: str) -> None:
    before = User.objects.values_list("is_active", flat=True).get(pk=user.pk)
    if before == active:
        return
    user.is_active = active
    user.save(update_fields=["is_active"])
    _record(verb, user, actor=actor, now=now, before={"active": before}, after={"active": active})


def _admins() -> set[int]:
    """Who can set roles. Whoever asks waits for whoever already did, and then sees their change."""
    list(User.objects.select_for_update().order_by("pk").values_list("pk"))
    return set(selectors.admins().values_list("pk", flat=True))


def _check_not_last(user: User, admins: set[int], *, field: str) -> None:
    if admins == {user.pk}:
        raise Invalid(
            f"{user.get_username()} is the last admin. Make somebody else an admin first.",
            field=field,
        )


def _checked(name: str) -> str:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"Give a name of 1 to {LONGEST_NAME} characters.", field="name")
    try:
        UnicodeUsernameValidator()(name)
    except ValidationError:
        raise Invalid(
            "Give a name of letters, digits and the characters @ . + - _ only.", field="name"
        ) from None
    if name.lower() in OURS:
        raise Invalid(
            f"“{name}” is what the audit trail calls Winnow itself. Choose another name.",
            field="name",
        )
    if User.objects.filter(username__iexact=name).exists():
        raise _taken(name)
    return name


def _taken(name: str) -> Invalid:
    return Invalid(f"There is an account “{name}” already. Choose another name.", field="name")


def _record(
    verb: str,
    user: User,
    *,
    actor: Actor,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    trail.record(
        at=now,
        actor=actor,
        verb=verb,
        kind="person",
        key=user.get_username(),
        before=before,
        after=after,
    )
