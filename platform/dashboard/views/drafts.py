"""The form that makes an experiment, and makes a draft otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from dashboard.access import needs
from dashboard.forms.audience import AudienceForm
from dashboard.forms.experiment import ExperimentForm, placement_choices
from dashboard.forms.measurement import MeasurementForm
from dashboard.forms.variants import VariantRows
from dashboard.people import person
from experiments import metric_definitions
from experiments.drafts import Draft, change_draft, create_experiment
from experiments.exceptions import ExperimentError
from experiments.models import Experiment, Layer
from people.actors import Actor
from people.roles import Role
from recommenders.models import Recommender


@dataclass(frozen=True, kw_only=True)
class DraftForms:
    """The parts of the form, each of which says what is wrong with it."""

    form: ExperimentForm
    variants: VariantRows
    measurement: MeasurementForm
    audience: AudienceForm
    ready: bool

    @classmethod
    def of(cls, data: QueryDict | None, experiment: Experiment | None = None) -> DraftForms:
        """As it was sent, or of the draft as it stands, or empty."""
        placements = placement_choices()
        recommenders = list(Recommender.objects.select_related("live__recommender"))
        return cls(
            form=ExperimentForm(data, placements=placements, of=experiment),
            variants=VariantRows.of(data, recommenders, of=experiment),
            measurement=MeasurementForm(
                data,
                metrics=metric_definitions.metrics(),
                of=experiment.measured if experiment else None,
            ),
            audience=AudienceForm(data, layers=list(Layer.objects.all()), of=experiment),
            ready=bool(placements),
        )

    def saved(self, save: Callable[[Draft], Experiment]) -> Experiment | None:
        """What `save` makes of the draft; None where something is wrong, which is then shown."""
        parts = (self.form, self.variants, self.measurement, self.audience)
        valid = [part.is_valid() for part in parts]  # each, so that each says what is wrong
        if not all(valid):
            return None
        try:
            return save(
                Draft(
                    **self.form.wanted(),
                    **self.audience.wanted(),
                    variants=self.variants.wanted(),
                    measurement=self.measurement.wanted(),
                )
            )
        except ExperimentError as error:
            others = (self.variants, self.measurement, self.audience)
            if not any(part.refuse(error) for part in others):
                self.form.refuse(error)
            return None


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    forms = DraftForms.of(_sent(request))
    actor = Actor.of(person(request))

    def save(draft: Draft) -> Experiment:
        return create_experiment(draft, now=now(), actor=actor)

    if request.method == "POST" and (made := forms.saved(save)):
        messages.success(request, "The draft is saved. Start it when the checklist is complete.")
        return redirect(made)
    return _page(request, forms, None)


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    experiment = get_object_or_404(Experiment.objects.select_related("placement"), key=key)
    if experiment.status != Experiment.Status.DRAFT:
        raise Http404(f"A {experiment.status} experiment is no draft.")
    forms = DraftForms.of(_sent(request), experiment)
    actor = Actor.of(person(request))

    def save(draft: Draft) -> Experiment:
        return change_draft(experiment, draft, now=now(), actor=actor)

    if request.method == "POST" and (changed := forms.saved(save)):
        messages.success(request, "The draft is saved.")
        return redirect(changed)
    return _page(request, forms, experiment)


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(request: HttpRequest, forms: DraftForms, draft: Experiment | None) -> HttpResponse:
    return render(request, "dashboard/experiment_new.html", {**vars(forms), "draft": draft})
