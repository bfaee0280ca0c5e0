"""Lists, a page at a time. A cursor names the last row that was read, so rows that come and go
meanwhile neither repeat others nor hide them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from django.db.models import DateTimeField, Model, Q, QuerySet
from rest_framework.request import Request

from api.problems import InvalidBody

LONGEST_CURSOR = 2_000

T = TypeVar("T")
Row = TypeVar("Row", bound=Model)


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every list takes."""

    limit: Annotated[
        int, msgspec.Meta(ge=1, le=200, description="The most entries of one page.")
    ] = 50
    cursor: Annotated[
        str | None,
        msgspec.Meta(description="`next` of the page before; without one, the first page."),
    ] = None


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list."""

    data: Annotated[list[T], msgspec.Meta(description="The entries, at most `limit`.")]
    next: Annotated[
        str | None,
        msgspec.Meta(description="The `cursor` of the page after this one; null on the last."),
    ]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last row read: what was sorted by, its value there, and its number."""

    sort: str
    value: str
    number: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


def page(rows: QuerySet[Row], asked: Listed, *, sort: str) -> tuple[Sequence[Row], str | None]:
    """The rows of the page asked for, and the cursor of the next. `sort` names a field of text or
    time, with a minus for the last first. Raises InvalidBody (cursor).
    """
    field, later = sort.lstrip("-"), "lt" if sort.startswith("-") else "gt"
    if asked.cursor is not None:
        at = _read(asked.cursor, sort)
        value = _value(rows.model, field, at.value)
        rows = rows.filter(
            Q(**{f"{field}__{later}": value}) | Q(**{field: value, f"pk__{later}": at.number})
        )
    ordered = rows.order_by(sort, f"{sort[: -len(field)]}pk")
    found = list(ordered[: asked.limit + 1])
    if len(found) <= asked.limit:
        return found, None
    last = found[asked.limit - 1]
    value = getattr(last, field)
    text = value.isoformat() if isinstance(value, datetime) else value
    return found[: asked.limit], _written(Cursor(sort, text, last.pk))


def page_of(keys: Sequence[str], asked: Listed, *, sort: str) -> tuple[Sequence[str], str | None]:
    """As `page`, of keys that are in order."""
    if asked.cursor is not None:
        after = _read(asked.cursor, sort).value
        keys = [key for key in keys if key > after]
    if len(keys) <= asked.limit:
        return keys, None
    found = keys[: asked.limit]
    return found, _written(Cursor(sort, found[-1], 0))


def link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header (RFC 8288) to the next page, where there is one."""
    if cursor is None:
        return {}
    query = urlencode(request.query_params.dict() | {"cursor": cursor})
    return {"Link": f'<{request.build_absolute_uri(request.path)}?{query}>; rel="next"'}


def _written(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read(text: str, sort: str) -> Cursor:
    try:
        padded = text[:LONGEST_CURSOR].encode() + b"=" * (-len(text) % 4)
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Cursor)
    except (msgspec.MsgspecError, binascii.Error, UnicodeError):
        raise _unknown() from None
    if cursor.sort != sort or "\0" in cursor.value:
        raise _unknown()
    return cursor


def _value(model: type[Model], field: str, text: str) -> str | datetime:
    if not isinstance(model._meta.get_field(field), DateTimeField):
        return text
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _unknown() from None


def _unknown() -> InvalidBody:
    return InvalidBody(
        "This is no cursor of this list. Give `next` of the page before, with the same `sort`.",
        pointer="/cursor",
    )
