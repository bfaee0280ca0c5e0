"""Entity tags (RFC 9110, section 13): a change names the state it was made for, and a read need not
repeat what the caller has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
from django.utils.http import parse_etags
from rest_framework import exceptions, status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

DIGITS = 20


class TagNeeded(exceptions.APIException):
    """A change that does not say of which state."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = (
        "Say which state you change: send the ETag of your last read as `If-Match`, or "
        "`If-Match: *` for whichever there is."
    )


class Stale(exceptions.APIException):
    """The state that the caller knows is not the present one."""

    status_code = status.HTTP_412_PRECONDITION_FAILED

    def __init__(self, tag: str) -> None:
        super().__init__(
            f"It has changed since you read it: its ETag is {tag} now. Read it again, and send "
            "your change with that one."
        )


def tag_of(shown: object) -> str:
    """The entity tag of what is shown: it differs where that does."""
    return f'"{hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:DIGITS]}"'


def check(request: Request, tag: str, *, required: bool) -> None:
    """Holds `If-Match` against the present tag. Call it with the row locked, so that of two who
    send the same tag one comes too late.

    Raises Stale, and TagNeeded where it is `required` and absent.
    """
    said = request.headers.get("If-Match")
    if said is None:
        if required:
            raise TagNeeded
        return
    known = parse_etags(said)
    if known != ["*"] and tag not in known:
        raise Stale(tag)


def answer(
    request: Request,
    shown: object,
    *,
    tag: str | None = None,
    code: int = status.HTTP_200_OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """What is shown, with its tag; nothing but the tag where a reader has it already."""
    tag = tag or tag_of(shown)
    headers = {"ETag": tag} | dict(headers or {})
    if request.method in SAFE_METHODS and _has(request, tag):
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(shown, status=code, headers=headers)


def _has(request: Request, tag: str) -> bool:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return known == ["*"] or tag in [one.removeprefix("W/") for one in known]
