"""Rows of the log by type, user, item, request and time, newest first."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import log_rows
from dashboard.access import needs
from dashboard.forms.log_rows import RowsForm
from dashboard.log_rows import Page
from events.validation import KNOWN_TYPES
from people.roles import Role


@needs(Role.VIEWER)
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    form = RowsForm(request.GET)
    context: dict[str, Any] = {"form": form, "types": KNOWN_TYPES}
    if form.is_valid():
        found = log_rows.find(form.wanted())
        for row in found.rows if found else ():
            row["fields"] = _fields(row)
        context |= {"found": found, "next": _next(request, found), "asked": _asked(request)}
    return render(request, "dashboard/log_rows.html", context)


def _fields(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Every column with something in it, as text: JSON where it is no plain value."""
    return [
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, value in row.items()
        if value not in (None, [], {}) and name not in ("key", "stream", "day")
    ]


def _asked(request: HttpRequest) -> bool:
    """Whether any filter is set."""
    return any(value for name, value in request.GET.items() if name not in ("after", "key"))


def _next(request: HttpRequest, found: Page | None) -> str:
    """The query of the page with older rows; empty where there is none."""
    if found is None or found.next is None:
        return ""
    query = request.GET.copy()
    query["after"], query["key"] = found.next.at.isoformat(), found.next.key
    return query.urlencode()
