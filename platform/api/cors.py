"""Cross-origin requests of browsers (the Fetch standard's CORS protocol), for client keys alone.

A preflight carries no key, so it is answered where any client key allows its origin; the request
itself is opened to the page only where its own key does. A refusal for the key itself (401, 403)
is opened as the preflight before it was: it holds nothing but the reason, without which the page
could not tell it from a network that is down. There is never a wildcard, and never anything for a
server key.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from api.problems import plain
from experiments.assignment import PlannedKey
from serving import keys

SENT = "Authorization, Content-Type, X-API-Key"
SHOWN = "RateLimit, RateLimit-Policy, Retry-After"
REMEMBER_SECONDS = 600


def is_preflight(request: HttpRequest) -> bool:
    headers = request.headers
    return (
        request.method == "OPTIONS"
        and "Origin" in headers
        and "Access-Control-Request-Method" in headers
    )


def preflight(request: HttpRequest, methods: Iterable[str]) -> HttpResponse:
    """Whether a page may make the request that it asks about."""
    origin = request.headers["Origin"]
    if keys.opens(origin):
        answer = HttpResponse(status=204)
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Allow-Methods"] = ", ".join(methods)
        answer["Access-Control-Allow-Headers"] = SENT
        answer["Access-Control-Max-Age"] = str(REMEMBER_SECONDS)
    else:
        answer = plain(403, "Forbidden", f"No client key may be used from {origin[:255]}.")
    patch_vary_headers(
        answer, ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]
    )
    return answer


def open_to_page(answer: HttpResponseBase, key: PlannedKey | None, request: Request) -> None:
    """Lets the page read the answer, where its key allows its origin, or why it has none. `key` is
    None where the request's is not known.
    """
    patch_vary_headers(answer, ["Origin"])
    origin = request.headers.get("Origin")
    if origin is not None and _may_read(origin, key, answer.status_code):
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Expose-Headers"] = SHOWN


def _may_read(origin: str, key: PlannedKey | None, status_code: int) -> bool:
    if key is None:
        return keys.opens(origin)
    if key.kind != "client":
        return False
    return origin in key.origins or (status_code == 403 and keys.opens(origin))
