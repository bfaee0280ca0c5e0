"""Inviting people, giving roles, and never locking everybody out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from threading import Barrier

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from people import passwords, services, trail
from people.actors import COMMAND, Actor
from people.exceptions import Invalid
from people.models import AuditEntry, Person
from people.roles import Role, role_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def told() -> list[tuple[str, str, str, object, object]]:
    return [(e.by, e.verb, e.key, e.before, e.after) for e in trail.entries(kind="person")]


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_an_invited_person_gets_a_role_and_a_password_for_one_login(ada: User) -> None:
    user, password = services.invite(name=" noor ", role=Role.ANALYST, actor=Actor.of(ada), now=NOW)

    user = fresh(user)
    assert user.username == "noor"
    assert user.check_password(password)
    assert not user.is_superuser
    assert role_of(user) == Role.ANALYST
    assert user.person.must_choose_password
    assert told() == [("ada", "invite", "noor", None, {"role": "analyst", "active": True})]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "1 to 150 characters"),
        ("x" * 151, "1 to 150 characters"),
        ("a b", "letters, digits and the characters"),
        ("Schedule", "what the audit trail calls Winnow itself"),
        ("ADA", "There is an account “ADA” already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nobody_is_made(
    ada: User, name: str, says: str
) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        services.invite(name=name, role=Role.VIEWER, actor=COMMAND, now=NOW)

    assert refused.value.field == "name"
    assert list(User.objects.all()) == [ada]
    assert told() == []


def test_a_role_is_set_and_told(ada: User, maya: User) -> None:
    services.set_role(maya, Role.EXPERIMENTER, actor=Actor.of(ada), now=NOW)

    assert role_of(maya) == Role.EXPERIMENTER
    assert role_of(fresh(maya)) == Role.EXPERIMENTER
    assert told() == [("ada", "set role", "maya", {"role": "viewer"}, {"role": "experimenter"})]


def test_setting_the_role_that_is_held_tells_nothing(ada: User, maya: User) -> None:
    services.set_role(maya, Role.VIEWER, actor=Actor.of(ada), now=NOW)
    assert told() == []


def test_the_role_of_a_superuser_is_not_set_here(ada: User) -> None:
    with pytest.raises(Invalid, match="ada is a superuser") as refused:
        services.set_role(ada, Role.VIEWER, actor=COMMAND, now=NOW)
    assert refused.value.field == "role"
    assert not Person.objects.exists()


def test_the_last_admin_stays_one(maya: User) -> None:
    services.set_role(maya, Role.ADMIN, actor=COMMAND, now=NOW)
    entries = AuditEntry.objects.count()

    with pytest.raises(Invalid, match="maya is the last admin") as refused:
        services.set_role(maya, Role.ANALYST, actor=Actor.of(maya), now=NOW)
    assert refused.value.field == "role"
    with pytest.raises(Invalid, match="maya is the last admin") as refused:
        services.deactivate(maya, actor=Actor.of(maya), now=NOW)
    assert refused.value.field == "active"

    assert role_of(fresh(maya)) == Role.ADMIN
    assert fresh(maya).is_active
    assert AuditEntry.objects.count() == entries


def test_an_admin_who_is_deactivated_is_no_other_admin(ada: User, maya: User) -> None:
    services.set_role(maya, Role.ADMIN, actor=COMMAND, now=NOW)
    services.deactivate(ada, actor=Actor.of(maya), now=NOW)

    with pytest.raises(Invalid, match="maya is the last admin"):
        services.set_role(maya, Role.VIEWER, actor=COMMAND, now=NOW)


def test_with_another_admin_one_may_go(ada: User, maya: User) -> None:
    services.set_role(maya, Role.ADMIN, actor=COMMAND, now=NOW)
    services.set_role(maya, Role.VIEWER, actor=Actor.of(ada), now=NOW)
    assert role_of(fresh(maya)) == Role.VIEWER


def test_an_account_is_switched_off_and_on_with_its_role(ada: User, maya: User) -> None:
    services.set_role(maya, Role.ANALYST, actor=COMMAND, now=NOW)

    services.deactivate(maya, actor=Actor.of(ada), now=NOW)
    services.deactivate(maya, actor=Actor.of(ada), now=NOW)
    assert not fresh(maya).is_active
    services.reactivate(maya, actor=Actor.of(ada), now=NOW)

    assert fresh(maya).is_active
    assert role_of(fresh(maya)) == Role.ANALYST
    assert told()[:2] == [
        ("ada", "reactivate", "maya", {"active": False}, {"active": True}),
        ("ada", "deactivate", "maya", {"active": True}, {"active": False}),
    ]
    assert len(told()) == 3


def test_a_lost_password_is_replaced_for_one_login_and_then_chosen(ada: User, maya: User) -> None:
    once = passwords.renew(maya, actor=Actor.of(ada), now=NOW)
    assert fresh(maya).check_password(once)
    assert fresh(maya).person.must_choose_password

    passwords.choose(maya, "a quiet harbour", now=NOW)

    assert fresh(maya).check_password("a quiet harbour")
    assert not fresh(maya).person.must_choose_password
    assert [entry[:3] for entry in told()] == [
        ("maya", "choose password", "maya"),
        ("ada", "renew password", "maya"),
    ]
    assert all(once not in str(entry) for entry in told())


def test_accounts_from_before_roles_can_do_what_they_could(ada: User, maya: User) -> None:
    migration = import_module("people.migrations.0002_people_before_roles")
    migration.keep_what_they_could_do(apps, None)
    assert role_of(fresh(maya)) == Role.ADMIN
    assert Person.objects.count() == 1


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite in memory has no two writers; on disk they queue"
)
@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_at_once_leave_one() -> None:
    first, second = (
        services.invite(name=name, role=Role.ADMIN, actor=COMMAND, now=NOW)[0]
        for name in ("ada", "ben")
    )
    together = Barrier(2)

    def demote(user: User) -> bool:
        together.wait(10)
        try:
            services.set_role(user, Role.VIEWER, actor=COMMAND, now=NOW)
        except Invalid:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(demote, (first, second)))

    assert done == [False, True]
    assert sorted(role_of(fresh(user)).value for user in (first, second)) == ["admin", "viewer"]
