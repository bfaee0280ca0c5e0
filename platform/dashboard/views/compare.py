"""Model versions side by side, by their offline figures."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import needs
from dashboard.forms.compare import CompareForm
from dashboard.reading import evaluated, offline
from people.roles import Role
from recommenders.evaluations import runs_of
from recommenders.models import ModelVersion
from recommenders.selectors import recent_versions


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    versions = recent_versions()
    form = CompareForm(_asked(request, versions), versions)
    context: dict[str, Any] = {"form": form, "versions": versions}
    if versions and form.is_valid():
        named = {version.name: version for version in versions}
        context |= _compared([named[name] for name in form.chosen()])
    return render(request, "dashboard/compare.html", context)


def _asked(request: HttpRequest, versions: list[ModelVersion]) -> Any:
    """What was asked; without a question, the live versions with the first of them."""
    if request.GET:
        return request.GET
    data = request.GET.copy()
    fields = CompareForm(None, versions).fields
    data.setlist("v", fields["v"].initial)
    data["base"] = fields["base"].initial or ""
    return data


def _compared(versions: list[ModelVersion]) -> dict[str, Any]:
    return {
        "columns": list(zip(offline.LETTERS, versions, strict=False)),
        "measures": offline.measure_rows(versions),
        "settings_rows": offline.setting_rows(versions),
        "same_data": offline.same_data(versions),
        "runs": [evaluated.run(rows) for rows in runs_of([version.pk for version in versions])],
        "keys": list(dict.fromkeys(version.recommender.key for version in versions))[:4],
    }
