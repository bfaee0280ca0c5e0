"""What every door of the API does beside its own work: it says what it needs of a key, and opens to
pages and holds back by the key's own terms.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ErrorDetail, Throttled
from rest_framework.request import Request
from rest_framework.views import APIView

from api import cors
from api.authentication import key_of
from api.permissions import Needs
from experiments.assignment import PlannedKey
from serving import limits
from serving.addresses import address_of
from serving.limits import WINDOW_SECONDS, Usage

ASIDE = ("HEAD", "OPTIONS")
"""Methods that no preflight needs to name."""


class TooMany(Throttled):
    """The minute of this key and address is used up."""

    def __init__(self, key: PlannedKey, usage: Usage) -> None:
        super().__init__()
        self.wait = usage.seconds
        self.detail = ErrorDetail(
            f"The key “{key.name}” allows {usage.allowed:,} requests a minute from one address. "
            f"Go on in {usage.seconds} s."
        )


class Door(APIView):
    """A view of the API. `needs` has no default: each says who may enter."""

    needs: ClassVar[Needs]
    _key: PlannedKey | None = None
    _usage: Usage | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.needs.clients and cors.is_preflight(request):
            return cors.preflight(request, [m for m in self.allowed_methods if m not in ASIDE])
        return super().dispatch(request, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        self._key = key_of(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        key = key_of(request)
        self._usage = limits.count(key, address_of(request))
        if self._usage is not None and self._usage.is_over:
            raise TooMany(key, self._usage)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self._usage is not None:
            _say(answer, self._usage)
        if self.needs.clients:
            cors.open_to_page(answer, self._key, request)
        return answer


def _say(answer: HttpResponseBase, usage: Usage) -> None:
    """The fields of draft-ietf-httpapi-ratelimit-headers-11."""
    answer["RateLimit-Policy"] = f'"minute";q={usage.allowed};w={WINDOW_SECONDS}'
    answer["RateLimit"] = f'"minute";r={usage.remaining};t={usage.seconds}'
