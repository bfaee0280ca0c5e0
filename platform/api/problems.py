"""Errors as `application/problem+json` (RFC 9457), each with a JSON pointer to the field where
there is one.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, UnreadablePostError
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from events.pointers import pointer
from experiments.exceptions import ExperimentError, NotAllowed, Taken
from experiments.metrics import InvalidMetric
from people.exceptions import PeopleError
from recommenders.exceptions import (
    HyperparameterError,
    InvalidRecommender,
    InvalidTrainingSettings,
    NotPromotable,
    RecommenderTaken,
)
from serving.exceptions import ServingError, UnknownPlacement
from serving.wording import explain

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
WHOLE = "this request"
FAILED = "Winnow failed to answer this. The server's log says why."
NOWHERE = "There is nothing at this address. /api/docs lists what there is."


class InvalidBody(exceptions.APIException):
    """The request does not say what it must. `pointer` is the field's JSON pointer."""

    status_code: int = status.HTTP_400_BAD_REQUEST

    def __init__(self, message: str, *, pointer: str | None = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class Conflict(InvalidBody):
    """What is there does not allow it: a key that is another's, or a state that has no such move.
    `pointer` is None where no one field is at fault.
    """

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, message: str, *, pointer: str | None = None) -> None:
        super().__init__(message, pointer=pointer)


class TooLarge(exceptions.APIException):
    """The body is over the bound, so it was not read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE

    def __init__(self) -> None:
        most = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) // 2**20
        super().__init__(f"The body is over {most} MiB. Send less at a time.")


class Unavailable(exceptions.APIException):
    """Nothing was accepted; the same request may succeed after a pause."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    wait = 5


class DatabaseAway(Unavailable):
    """The database did not answer, or not in time. A change that it was asked for may have been
    made: an answer to a commit can be what was lost.
    """

    default_detail = (
        "The database does not answer. Try again in a few seconds; before you repeat a change, "
        "look whether it was made. /readyz says when the database is back."
    )


def from_validation(
    error: msgspec.ValidationError, type_: type, *, sent: bytes = b""
) -> InvalidBody:
    """What msgspec found wrong with a value of `type_`, in words. `sent` is the JSON it was in."""
    at, sentence = explain(str(error), type_, whole=WHOLE, sent=sent)
    if isinstance(error.__cause__, InvalidMetric):  # which knows the field, where msgspec does not
        sentence = str(error.__cause__)
        at = f"{at}/{error.__cause__.field.replace('.', '/')}"
    return InvalidBody(sentence, pointer=at)


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


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every error a problem. One that nobody foresaw is logged whole, and
    says nothing of itself.
    """
    error = _as_api(error)
    response = exception_handler(error, context)
    if response is None:
        request = context["request"]
        logger.error("%s %s failed.", request.method, request.path, exc_info=error)
        response = Response(status=status.HTTP_500_INTERNAL_SERVER_ERROR)
        error = Exception(FAILED)
    pointer = getattr(error, "pointer", None)
    detail = str(getattr(error, "detail", error))
    response.data = problem(response.status_code, response.status_text, detail, pointer=pointer)
    response.content_type = CONTENT_TYPE
    return response


def _as_api(error: Exception) -> Exception:
    """Errors of other rooms as those that DRF knows; any other as it is."""
    match error:
        case ServingError():
            invalid = InvalidBody(error.message, pointer=error.pointer)
            if isinstance(error, UnknownPlacement):
                invalid.status_code = status.HTTP_404_NOT_FOUND
            return invalid
        case ExperimentError() | PeopleError() | InvalidRecommender() | HyperparameterError():
            return _of_service(error)
        case NotPromotable():
            return _of_service(error)
        case InvalidTrainingSettings():
            return InvalidBody(str(error), pointer=f"/training/{error.field}")
        case OperationalError() | InterfaceError():
            logger.error("The database did not answer (%s).", error)
            return DatabaseAway()
        case RequestDataTooBig():
            return TooLarge()
        case TooManyFieldsSent():
            return InvalidBody("The query string has too many fields.")
        case UnreadablePostError():
            return InvalidBody("The connection ended before the body was whole.")
        case SuspiciousOperation():
            return InvalidBody("The request cannot be read.")
    return error


def _of_service(error: Exception) -> InvalidBody:
    """Refused by a service, which names the field by its path in the body."""
    field = getattr(error, "field", None)
    if isinstance(error, HyperparameterError):
        field = pointer("config", field).removeprefix("/")
    message = getattr(error, "message", None) or str(error)
    if isinstance(error, NotPromotable) and field is not None:
        return InvalidBody(message, pointer=f"/{field}")
    if isinstance(error, NotAllowed | NotPromotable | Taken | RecommenderTaken):
        return Conflict(message, pointer=None if field is None else f"/{field}")
    return InvalidBody(message, pointer="" if field is None else f"/{field}")


def plain(status_code: int, title: str, detail: str) -> HttpResponse:
    """A problem outside DRF's views."""
    body = msgspec.json.encode(problem(status_code, title, detail))
    return HttpResponse(body, status=status_code, content_type=CONTENT_TYPE)
