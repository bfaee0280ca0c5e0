"""People and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management.fields import says
from api.management.keys import RoleName
from api.management.kinds import Kind, actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from people import services
from people.roles import Role, role_of


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account."""

    name: Annotated[str, says("What they log in with.")]
    role: Annotated[RoleName, says("What they may do.")]
    active: Annotated[bool, says("Whether they can log in.")]


class PersonChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays."""

    role: Annotated[RoleName | UnsetType, says("What they may do from now on.")] = UNSET
    active: Annotated[bool | UnsetType, says("False ends what the account can do.")] = UNSET


def _rows() -> QuerySet[User]:
    return User.objects.select_related("person")


def _show(rows: Sequence[User]) -> list[Person]:
    return [
        Person(name=row.get_username(), role=role_of(row).value, active=row.is_active)
        for row in rows
    ]


PEOPLE = Kind(word="person", rows=_rows, show=_show, name="username")


class PeopleView(Door):
    needs = Needs()

    @operation(
        "list", "people", "Who has which role", "By name.", query=Listed, answers=Page[Person]
    )
    def get(self, request: Request) -> Response:
        return PEOPLE.listed(request, convert_query(request, Listed), _rows(), sort="username")


class PersonView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation("read", "person", "One person", "With their ETag.", answers=Person)
    def get(self, request: Request, name: str) -> Response:
        return PEOPLE.read(request, name)

    @operation(
        "change",
        "change_person",
        "Give a person another role, or end or reopen an account",
        "From their next request on. Refused where nobody would be left to set roles, and for a "
        "superuser, who is always an admin. People are invited on the page Settings, People.",
        takes=PersonChange,
        answers=Person,
    )
    def patch(self, request: Request, name: str) -> Response:
        asked = decode(request, PersonChange)

        def change(row: User) -> None:
            actor, now = actor_of(request), timezone.now()
            if asked.role is not UNSET:
                services.set_role(row, Role(asked.role), actor=actor, now=now)
            if asked.active is not UNSET:
                act = services.reactivate if asked.active else services.deactivate
                act(row, actor=actor, now=now)

        return PEOPLE.changed(request, name, change)
