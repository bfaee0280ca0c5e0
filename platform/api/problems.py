"""Errors as `application/problem+json` (RFC 9457), each with a JSON pointer to the field where
there is one.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from serving import pointers
from serving.exceptions import ServingError, UnknownPlacement

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


class InvalidBody(exceptions.APIException):
    """The request does not say what it must. `pointer` is the field's JSON pointer."""

    status_code: int = status.HTTP_400_BAD_REQUEST

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class Unavailable(exceptions.APIException):
    """Nothing was accepted; the same request may succeed after a pause."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    wait = 5


def from_validation(error: msgspec.ValidationError) -> InvalidBody:
    """msgspec's error, its path turned into a JSON pointer."""
    pointer, message = pointers.locate(error)
    return InvalidBody(message, pointer=pointer)


def problem(
    status_code: int, title: str, detail: str, *, pointer: str | None = None
) -> dict[str, Any]:
    """The body of a problem."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status_code,
        "detail": detail,
    }
    if pointer is not None:
        body["errors"] = [{"pointer": pointer, "detail": detail}]
    return body


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error a problem."""
    if isinstance(error, ServingError):
        error = _as_api(error)
    response = exception_handler(error, context)
    if response is None:
        return None
    pointer = getattr(error, "pointer", None)
    detail = str(getattr(error, "detail", error))
    response.data = problem(response.status_code, response.status_text, detail, pointer=pointer)
    response.content_type = CONTENT_TYPE
    return response


def _as_api(error: ServingError) -> InvalidBody:
    invalid = InvalidBody(error.message, pointer=error.pointer)
    if isinstance(error, UnknownPlacement):
        invalid.status_code = status.HTTP_404_NOT_FOUND
    return invalid


def plain(status_code: int, title: str, detail: str) -> HttpResponse:
    """A problem outside DRF's views."""
    body = msgspec.json.encode(problem(status_code, title, detail))
    return HttpResponse(body, status=status_code, content_type=CONTENT_TYPE)
