"""Bodies and query strings, decoded straight into their types and validated on the way."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from rest_framework.request import Request

from api.problems import WHOLE, InvalidBody, from_validation
from events.pointers import pointer
from events.texts import may_hold_nul, nul_in
from serving.wording import LONGEST_ECHO, explain, found_nul

T = TypeVar("T")


def decode(request: Request, type_: type[T]) -> T:
    """The request's body as `type_`. Raises InvalidBody, naming the field."""
    try:
        decoded = msgspec.json.decode(request.body, type=type_)
        return _without_nul(decoded) if may_hold_nul(request.body) else decoded
    except msgspec.ValidationError as error:
        raise from_validation(error, type_, sent=request.body) from None
    except msgspec.DecodeError as error:
        raise InvalidBody(f"The body is not whole, valid JSON: {_why(error)}.") from None
    except UnicodeDecodeError:
        raise InvalidBody("The body is not UTF-8, as JSON must be.") from None
    except RecursionError:
        raise InvalidBody("The body is nested too deeply to be read.") from None


def decode_any(request: Request, type_: type[T]) -> T:
    """As `decode`, of a body that may be left out: then it is all defaults."""
    return decode(request, type_) if request.body else type_()


def decode_text(text: str, type_: Any, name: str) -> Any:
    """JSON in a field of the query string as `type_`. Raises InvalidBody, naming the field."""
    try:
        return msgspec.json.decode(text, type=type_)
    except msgspec.ValidationError as error:
        at, sentence = explain(str(error), type_, whole=name, sent=text.encode())
        raise InvalidBody(sentence, pointer=f"/{name}{at}") from None
    except (msgspec.DecodeError, RecursionError):
        raise InvalidBody(f"{name} is not whole, valid JSON.", pointer=f"/{name}") from None


def convert_query(request: Request, type_: type[T]) -> T:
    """The query string as `type_`, each field given once. Raises InvalidBody, naming the field."""
    given = request.query_params
    for name, values in given.lists():
        if len(values) > 1:
            said = f"{name[:LONGEST_ECHO]} is given {len(values)} times. Give it once."
            raise InvalidBody(said, pointer=pointer(name))
    try:
        return _without_nul(msgspec.convert(given.dict(), type_, strict=False))
    except msgspec.ValidationError as error:
        raise from_validation(error, type_) from None


def _without_nul(decoded: T) -> T:
    """What was decoded, as it is. Raises InvalidBody, naming the first text that holds a NUL.

    Events and exposures are still undecoded in their batch: each is judged by itself.
    """
    if (steps := nul_in(decoded)) is not None:
        at, sentence = found_nul(steps, whole=WHOLE)
        raise InvalidBody(sentence, pointer=at)
    return decoded


def _why(error: msgspec.DecodeError) -> str:
    return str(error).removeprefix("JSON is malformed: ")
