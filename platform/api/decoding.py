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
        raise from_validation(error, type_) from None
    except msgspec.DecodeError as error:
        raise InvalidBody(f"The body is not whole, valid JSON: {_why(error)}.") from None
    except UnicodeDecodeError:
        raise InvalidBody("The body is not UTF-8, as JSON must be.") from None
    except RecursionError:
        raise InvalidBody("The body is nested too deeply to be read.") from None


def convert_query(request: Request, type_: type[T]) -> T:
    """The query string as `type_`, each field given once. Raises InvalidBody, naming the field."""
    try:
        return msgspec.convert(request.query_params.dict(), type_, strict=False)
    except msgspec.ValidationError as error:
        raise from_validation(error, type_) from None


def _why(error: msgspec.DecodeError) -> str:
    return str(error).removeprefix("JSON is malformed: ")
