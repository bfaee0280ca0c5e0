"""The list of experiments, and the form that makes one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import queries
from dashboard.access import needs
from dashboard.forms.experiment import ExperimentForm, placement_choices
from dashboard.forms.measurement import MeasurementForm
from dashboard.forms.variants import VariantRows
from dashboard.people import person
from dashboard.reading.rows import experiment_row
from experiments import metric_definitions
from experiments.drafts import Draft, create_experiment
from experiments.exceptions import ExperimentError
from experiments.models import Experiment
from people.actors import Actor
from people.roles import Role
from recommenders.models import Recommender


@needs(Role.VIEWER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    rows = [experiment_row(e, glance) for e, glance in queries.experiments_at_a_glance()]
    running = sum(row.running for row in rows)
    return render(request, "dashboard/experiments.html", {"rows": rows, "running": running})


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    placements = placement_choices()
    data = request.POST if request.method == "POST" else None
    measurement = MeasurementForm(data, metrics=metric_definitions.metrics())
    form = ExperimentForm(data, placements=placements)
    variants = VariantRows.of(data, list(Recommender.objects.select_related("live__recommender")))
    if data is not None:
        made = _create(request, form, variants, measurement)
        if made:
            messages.success(
                request, "The draft is saved. Start it when the checklist is complete."
            )
            return redirect(made)
    page = {
        "form": form,
        "variants": variants,
        "measurement": measurement,
        "ready": bool(placements),
    }
    return render(request, "dashboard/experiment_new.html", page)


def _create(
    request: HttpRequest, form: ExperimentForm, variants: VariantRows, measurement: MeasurementForm
) -> Experiment | None:
    if not (form.is_valid() & variants.is_valid() & measurement.is_valid()):
        return None
    try:
        draft = Draft(**form.wanted(), variants=variants.wanted(), measurement=measurement.wanted())
        return create_experiment(draft, now=now(), actor=Actor.of(person(request)))
    except ExperimentError as error:
        if not (variants.refuse(error) or measurement.refuse(error)):
            form.refuse(error)
        return None
