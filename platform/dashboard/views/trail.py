"""The audit trail: what was done, newest first, of one person, kind or thing."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.access import needs
from dashboard.reading.trail import entry_row
from people import trail
from people.roles import Role

SHOWN = 50
LONGEST = 160


@needs(Role.VIEWER)
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    asked = {name: _asked(request, name) for name in ("by", "kind", "key")}
    found = trail.entries(
        kind=asked["kind"] or None, key=asked["key"] or None, by=asked["by"] or None
    )
    shown = Paginator(found, SHOWN).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "address": urlencode({name: value for name, value in asked.items() if value}),
        "shown": shown,
        "rows": [entry_row(entry) for entry in shown],
        "kinds": trail.kinds(),
        "actors": trail.actors(),
    }
    return render(request, "dashboard/trail.html", context)


def _asked(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:LONGEST]
