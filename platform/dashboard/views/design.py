"""The page of the design system: the parts as pages use them, in both themes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard.access import needs
from dashboard.forms.design import sample
from dashboard.reading import design
from people.roles import Role

CSS = Path(__file__).resolve().parent.parent / "static" / "dashboard" / "css" / "tokens.css"
THEMES = ("light", "dark")


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/design.html", _context())


def _context() -> dict[str, object]:
    return {
        "themes": [(theme, sample(theme)) for theme in THEMES],
        "tokens": _tokens(),
        "icons": _icons(),
        "arms": design.ARMS,
        "badges": design.BADGES,
        "readings": design.SAMPLE_READINGS,
        "bars": design.BARS,
        "group": design.GROUP,
        "stretches": design.STRETCHES,
        "now": now(),
    }


@cache
def _tokens() -> tuple[design.Token, ...]:
    return design.tokens(CSS.read_text())


@cache
def _icons() -> list[str]:
    folder = Path(settings.BASE_DIR) / "templates" / "icons"
    return sorted(path.stem for path in folder.glob("*.svg"))
