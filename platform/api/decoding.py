"""Bodies and query strings, decoded straight into their types and validated on the way."""

from __future__ import annotations

from typing import TypeVar

import msgspec
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
