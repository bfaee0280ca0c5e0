"""Errors that happen outside the API's views, such as before one is found: problems below
/api/v1, and pages elsewhere. `config.urls` names these to Django.
"""

from __future__ import annotations

from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from api.problems import FAILED, NOWHERE, TooLarge, plain

BELOW = "/api/v1"
FOREIGN = (
    "Winnow does not answer under this host name. WINNOW_HOSTS sets those under which it does."
)
UNREADABLE = "The request cannot be read."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return plain(413, "Request Entity Too Large", str(TooLarge().detail))
    foreign = isinstance(exception, DisallowedHost)
    return plain(400, "Bad Request", FOREIGN if foreign else UNREADABLE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return plain(404, "Not Found", NOWHERE)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django has logged what happened."""
    if not _is_api(request):
        return defaults.server_error(request)
    return plain(500, "Internal Server Error", FAILED)


def _is_api(request: HttpRequest) -> bool:
    return request.path == BELOW or request.path.startswith(f"{BELOW}/")
