"""Which address a request comes from, also through proxies that are ours."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def address_of(request: Request | HttpRequest) -> str:
    """The peer's; behind `TRUSTED_PROXIES` proxies, what the outermost of them says it was.

    Each proxy adds the address it saw at the right of X-Forwarded-For. What stands further left
    was written by the caller, who may write anything.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES == 0:
        return peer
    passed = request.headers.get("X-Forwarded-For", "").split(",")
    hops = [hop.strip() for hop in passed if hop.strip()]
    return hops[-min(settings.TRUSTED_PROXIES, len(hops))] if hops else peer
