"""Keys of the API. The secret of a server key is answered once, when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from django.db.models import QuerySet
from django.utils import timezone
from msgspec import UNSET, UnsetType
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode, decode_any
from api.door import Door
from api.management import conditional
from api.management.fields import Moving, Name, says
from api.management.kinds import Kind, actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from api.problems import Conflict, InvalidBody
from people.roles import Role
from serving import keys, models
from serving.access import CLIENT, SERVER, Access, ClientAccess, ServerAccess

KeyKind = Literal["server", "client"]
RoleName = Literal["viewer", "analyst", "experimenter", "admin"]


Origins = Annotated[list[str], says("Whose pages may use a client key; none: apps only.")]
Limit = Annotated[
    int | None, says("Requests a minute that each address may make; null: any number.")
]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of the API. A client key is published with a page or app, and so shown whole."""

    id: Annotated[int, says("Its number.")]
    name: Name
    kind: Annotated[
        KeyKind, says("`server`: kept secret, with a role. `client`: published with a page or app.")
    ]
    role: Annotated[RoleName | None, says("What a server key may do; null for a client key.")]
    origins: Origins
    per_minute: Limit
    secret: Annotated[
        str | None, says("What to send, of a client key; null of a server key: a hash is kept.")
    ]
    begins_with: Annotated[str, says("Its first characters, to recognise it by.")]
    created_at: Annotated[datetime, says("When it was made.")]
    revoked_at: Annotated[datetime | None, says("Since when no process accepts it.")]


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to be: a server key has a role, a client key origins and a limit."""

    name: Name
    kind: Annotated[KeyKind, says("`client` keys may only route, assign and send.")]
    role: Annotated[RoleName | None, says("What a server key may do; it needs one.")] = None
    origins: Annotated[
        list[str] | None, says("Whose pages may use a client key; none: apps only.")
    ] = None
    per_minute: Limit = None


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a client key is to be different; what is left out stays."""

    origins: Origins | UnsetType = UNSET
    per_minute: Annotated[
        int | UnsetType | None,
        says("Requests a minute that each address may make; null: any number."),
    ] = UNSET


class MadeKey(ApiKey, frozen=True, kw_only=True):
    """A key that was just made."""

    secret: Annotated[str, says("What to send. Nothing can show that of a server key again.")]


def _rows() -> QuerySet[models.ApiKey]:
    return models.ApiKey.objects.all()


def _show(rows: Sequence[models.ApiKey]) -> list[ApiKey]:
    return [_one(row) for row in rows]


def _one(row: models.ApiKey) -> ApiKey:
    server = row.kind == SERVER
    return ApiKey(
        id=row.pk,
        name=row.name,
        kind="server" if server else "client",
        role=Role(row.role).value if server else None,
        origins=list(row.origins),
        per_minute=row.per_minute,
        secret=row.published or None,
        begins_with=row.prefix,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )


KEYS = Kind(word="key", rows=_rows, show=_show, name="pk")


class KeysView(Door):
    needs = Needs(read=Role.ADMIN, write=Role.ADMIN)

    @operation(
        "list",
        "keys",
        "All keys",
        "The newest first, revoked ones too.",
        query=Listed,
        answers=Page[ApiKey],
    )
    def get(self, request: Request) -> Response:
        return KEYS.listed(request, convert_query(request, Listed), _rows(), sort="-created_at")

    @operation(
        "create",
        "create_key",
        "Make a key",
        "The answer has its secret. That of a server key nothing can show again: only a hash of it "
        "is kept. A client key is published anyway, and can be read again.",
        takes=NewKey,
        answers=MadeKey,
        refusals=(400, 413),
    )
    def post(self, request: Request) -> Response:
        new = decode(request, NewKey)
        row, secret = keys.create_key(new.name, _access(new), actor=actor_of(request))
        shown = KEYS.shown(row)
        return conditional.answer(
            request,
            MadeKey(**msgspec.structs.asdict(shown) | {"secret": secret}),
            tag=conditional.tag_of(shown),
            code=status.HTTP_201_CREATED,
            headers={"Location": f"/api/v1/keys/{row.pk}", "Cache-Control": "no-store"},
        )


class KeyView(Door):
    needs = Needs(read=Role.ADMIN, write=Role.ADMIN)

    @operation(
        "read", "key", "One key", "With its ETag; a client key with its secret.", answers=ApiKey
    )
    def get(self, request: Request, number: int) -> Response:
        return KEYS.read(request, number)

    @operation(
        "change",
        "change_key",
        "Change the origins or the limit of a client key",
        "In their place, because apps that are out cannot exchange their key. Every process goes "
        "by it within seconds. Nothing of a server key or of a revoked one changes (409).",
        takes=KeyChange,
        answers=ApiKey,
    )
    def patch(self, request: Request, number: int) -> Response:
        asked = decode(request, KeyChange)

        def change(row: models.ApiKey) -> None:
            access = _changed(row, asked)
            keys.change_key(row, access, now=timezone.now(), actor=actor_of(request))

        return KEYS.changed(request, number, change)


class KeyRevokeView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation(
        "move",
        "revoke_key",
        "Revoke a key",
        "Within seconds no process accepts it. There is no way back: make another one.",
        takes=Moving,
        answers=ApiKey,
    )
    def post(self, request: Request, number: int) -> Response:
        why = decode_any(request, Moving).why

        def revoke(row: models.ApiKey) -> None:
            if row.revoked_at is not None:
                raise Conflict(f"“{row.name}” is revoked already.")
            keys.revoke_key(row, now=timezone.now(), actor=actor_of(request), why=why)

        return KEYS.changed(request, number, revoke, required=False)


def _changed(row: models.ApiKey, asked: KeyChange) -> ClientAccess:
    """Raises Conflict for a key of which nothing changes."""
    if row.revoked_at is not None:
        raise Conflict(f"“{row.name}” is revoked. Make another one.")
    if row.kind != CLIENT:
        raise Conflict(
            f"“{row.name}” is a server key, which has no origins and no limit. Make another one, "
            "and revoke this one."
        )
    return ClientAccess(
        origins=tuple(row.origins if asked.origins is UNSET else asked.origins),
        per_minute=row.per_minute if asked.per_minute is UNSET else asked.per_minute,
    )


def _access(new: NewKey) -> Access:
    """Raises InvalidBody for what does not belong to the kind."""
    if new.kind == CLIENT:
        if new.role is not None:
            raise InvalidBody("A client key has no role.", pointer="/role")
        return ClientAccess(origins=tuple(new.origins or ()), per_minute=new.per_minute)
    for field in ("origins", "per_minute"):
        if getattr(new, field) is not None:
            raise InvalidBody(f"A server key has no {field}.", pointer=f"/{field}")
    if new.role is None:
        roles = ", ".join(role.value for role in Role)
        raise InvalidBody(f"A server key needs a role: one of {roles}.", pointer="/role")
    return ServerAccess(role=Role(new.role))
