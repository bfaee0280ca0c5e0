"""One operation in the OpenAPI description: what it takes and answers, read off the types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

import msgspec
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from api import schema

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["read", "list", "create", "accept", "change", "move", "remove"]

REFUSALS: dict[Kind, tuple[int, ...]] = {
    "read": (404,),
    "list": (400,),
    "create": (400, 409, 413),
    "accept": (400, 413),
    "change": (400, 404, 409, 412, 413, 428),
    "move": (400, 404, 409, 412, 413),
    "remove": (404, 409, 412, 428),
}
"""What each kind of operation may be refused by, beside 401 and 403, and 503."""

TAG = OpenApiParameter(
    "ETag",
    str,
    location=OpenApiParameter.HEADER,
    description="The entity tag of what is answered.",
    response=[200, 201, 304],
)
LINK = OpenApiParameter(
    "Link",
    str,
    location=OpenApiParameter.HEADER,
    description='The address of the next page, with `rel="next"`, where there is one.',
    response=[200],
)
UNLESS = OpenApiParameter(
    "If-None-Match",
    str,
    location=OpenApiParameter.HEADER,
    description="The ETag of what you have: where that is what there is, the answer is 304.",
)


def operation(
    kind: Kind,
    name: str,
    summary: str,
    description: str,
    *,
    answers: Any = None,
    takes: Any = None,
    query: type[msgspec.Struct] | None = None,
    code: int | None = None,
    refusals: tuple[int, ...] | None = None,
    database: bool = True,
) -> Callable[[F], F]:
    """Describes a method of a view. `answers` and `takes` are the types of the bodies; without
    `database` it needs none, so it is not refused where that is away.
    """
    code = code or {"create": 201, "remove": 204}.get(kind, 200)
    refused = REFUSALS[kind] if refusals is None else refusals
    refused += (503,) if database else ()
    responses: dict[Any, Any] = (
        schema.responses(code, answers, *refused) if answers else schema.problems(*refused)
    )
    if answers is None:
        responses[code] = OpenApiResponse(description="It is gone.")
    if kind in ("read", "list"):
        responses[304] = OpenApiResponse(description="You have what there is.")
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=description,
        request=schema.body(takes) if takes else None,
        parameters=[*_headers(kind), *(fields_of(query) if query else ())],
        responses=responses,
    )


def _headers(kind: Kind) -> Iterator[OpenApiParameter]:
    if kind in ("read", "list"):
        yield UNLESS
    if kind in ("change", "move", "remove"):
        yield OpenApiParameter(
            "If-Match",
            str,
            location=OpenApiParameter.HEADER,
            required=kind != "move",
            description="The ETag of the state that you change; `*` for whichever there is.",
        )
    if kind != "remove":
        yield TAG
    if kind == "list":
        yield LINK


def fields_of(query: type[msgspec.Struct]) -> list[OpenApiParameter]:
    """The query string's fields, from the type that decodes it."""
    return list(_fields(query))


def _fields(query: type[msgspec.Struct]) -> Iterator[OpenApiParameter]:
    described = msgspec.json.schema(query)
    [fields] = described["$defs"].values()
    for name, field in fields["properties"].items():
        kinds = [one for one in field.pop("anyOf", [field]) if one != {"type": "null"}]
        if field.get("default", ...) is None:
            del field["default"]
        yield OpenApiParameter(
            name,
            field | kinds[0],
            required=name in fields.get("required", ()),
            description=field.pop("description", ""),
        )
