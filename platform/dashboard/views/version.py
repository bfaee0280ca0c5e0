"""The page of one model version: where its data came from, and how good it is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from dashboard.access import needs
from dashboard.reading.gate import gate_said
from dashboard.reading.offline import measure_rows
from dashboard.reading.provenance import cleaning_rows, share_rows
from people.roles import Role
from recommenders.gate import stage_of
from recommenders.models import ModelVersion
from recommenders.promotions import were_live


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest, key: str, number: int) -> HttpResponse:
    version = get_object_or_404(
        ModelVersion.objects.select_related("recommender__live__recommender").defer("popular"),
        recommender__key=key,
        number=number,
    )
    provenance = version.provenance
    found = {
        "version": version,
        "recommender": version.recommender,
        "stage": stage_of(
            version.pk,
            live=version.recommender.live_id,
            were_live=were_live(version.recommender),
        ),
        "gate": gate_said(version),
        "promotions": version.promotions.order_by("-id"),
        "provenance": provenance,
        "shares": share_rows(provenance),
        "cleaning": cleaning_rows(provenance),
        "measures": measure_rows([version]),
    }
    return render(request, "dashboard/version.html", found)
