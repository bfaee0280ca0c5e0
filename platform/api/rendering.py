"""JSON by msgspec: bodies are decoded straight into their types, validated on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api.problems import InvalidBody, from_validation

T = TypeVar("T")


def decode(request: Request, type_: type[T]) -> T:
    """The request's body as `type_`. Raises InvalidBody, naming the field."""
    try:
        return msgspec.json.decode(request.body, type=type_)
    except msgspec.ValidationError as error:
        raise from_validation(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidBody(f"The body is not valid JSON: {error}.") from None


def convert_query(request: Request, type_: type[T]) -> T:
    """The query string as `type_`, each field given once. Raises InvalidBody, naming the field."""
    try:
        return msgspec.convert(request.query_params.dict(), type_, strict=False)
    except msgspec.ValidationError as error:
        raise from_validation(error) from None


class MsgspecRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)
