"""The audit trail, to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query
from api.door import Door
from api.management.fields import says
from api.management.kinds import Kind
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from people import trail
from people.models import AuditEntry as Row


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done. Entries are added, and never changed or removed."""

    id: Annotated[int, says("Its number.")]
    at: Annotated[datetime, says("When.")]
    by: Annotated[str, says("Who: a person's name, `key NAME`, `schedule`, `ramp` or `command`.")]
    verb: Annotated[str, says("What was done: `start`, `change traffic`, `set role`.")]
    kind: Annotated[str, says("To what kind of thing: `experiment`, `placement`, `key`.")]
    key: Annotated[str, says("To which one.")]
    before: Annotated[dict[str, Any] | None, says("The fields it is about, as they were.")]
    after: Annotated[dict[str, Any] | None, says("The same fields, as they were then.")]
    why: Annotated[str, says("The reason, where one was given.")]


class AuditListed(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries. Filters add up."""

    kind: Annotated[str | UnsetType, says("Only those about this kind of thing.")] = UNSET
    key: Annotated[str | UnsetType, says("Only those about the thing of this key.")] = UNSET
    by: Annotated[str | UnsetType, says("Only what this one did.")] = UNSET


def _show(rows: Sequence[Row]) -> list[AuditEntry]:
    return [
        AuditEntry(
            id=row.pk,
            at=row.at,
            by=row.by,
            verb=row.verb,
            kind=row.kind,
            key=row.key,
            before=row.before,
            after=row.after,
            why=row.why,
        )
        for row in rows
    ]


ENTRIES = Kind(word="audit entry", rows=trail.entries, show=_show, name="pk")


class AuditView(Door):
    needs = Needs()

    @operation(
        "list",
        "audit",
        "What was done, by whom and why",
        "The newest first.",
        query=AuditListed,
        answers=Page[AuditEntry],
    )
    def get(self, request: Request) -> Response:
        asked = convert_query(request, AuditListed)
        rows = trail.entries(kind=_given(asked.kind), key=_given(asked.key), by=_given(asked.by))
        return ENTRIES.listed(request, asked, rows, sort="-at")


class AuditEntryView(Door):
    needs = Needs()

    @operation("read", "audit_entry", "One entry", "It never changes.", answers=AuditEntry)
    def get(self, request: Request, number: int) -> Response:
        return ENTRIES.read(request, number)


def _given(text: str | UnsetType) -> str | None:
    return None if text is UNSET else text
