"""The reader's time zone: their browser says it in a cookie, and pages are written in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "zone"


def zone_named(name: str) -> ZoneInfo | None:
    """A zone of the tz database, by its name such as `Europe/Amsterdam`."""
    return ZoneInfo(name) if name in _names() else None


def readers_zone(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Times of a page, and those typed into its forms, are of the reader's zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = zone_named(request.COOKIES.get(COOKIE, ""))
        if zone is None:
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware


@cache
def _names() -> set[str]:
    return available_timezones()
