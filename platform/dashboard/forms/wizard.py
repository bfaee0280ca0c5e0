"""The steps of the create wizard: which fields each has, and whether they make an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from django import forms

from dashboard.forms.audience import AudienceForm
from dashboard.forms.experiment import ExperimentForm, PlacementChoice, placement_choices
from dashboard.forms.measurement import MeasurementForm
from dashboard.forms.schedule import ZONES, StartEndForm
from dashboard.forms.variants import VariantForm, VariantRows
from experiments import metric_definitions, ramps
from experiments.checks import MOST_VARIANTS
from experiments.drafts import Draft, check_layers
from experiments.exceptions import ExperimentError
from experiments.metrics import Metric
from experiments.models import Experiment, Layer
from recommenders.models import Recommender

Step = Literal["setup", "variants", "measurement", "review"]
STEPS: tuple[Step, ...] = get_args(Step)
TOTAL = "variants-TOTAL_FORMS"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the forms offer to choose from."""

    placements: list[PlacementChoice]
    layers: list[Layer]
    recommenders: list[Recommender]
    metrics: Mapping[str, Metric]

    @classmethod
    def read(cls) -> Known:
        return cls(
            placements=placement_choices(),
            layers=list(Layer.objects.all()),
            recommenders=list(Recommender.objects.select_related("live__recommender")),
            metrics=metric_definitions.metrics(),
        )


@dataclass(frozen=True, kw_only=True)
class WizardForms:
    """The forms of all steps. Those made from `typed` say what is wrong with it; others show it and
    say nothing.
    """

    form: ExperimentForm
    audience: AudienceForm
    variants: VariantRows
    measurement: MeasurementForm
    when: StartEndForm

    @classmethod
    def of(
        cls,
        known: Known,
        *,
        typed: Mapping[str, str] | None = None,
        shown: Mapping[str, str] | None = None,
        draft: Experiment | None = None,
        now: datetime,
    ) -> WizardForms:
        """With what was `typed`, or filled by what is `shown`, or by the draft, or empty."""
        of = draft if shown is None else None
        return cls(
            form=ExperimentForm(typed, placements=known.placements, of=draft, initial=shown),
            audience=AudienceForm(typed, layers=known.layers, of=of, initial=shown),
            variants=VariantRows.of(typed, known.recommenders, of=draft, initial=shown),
            measurement=MeasurementForm(
                typed,
                metrics=known.metrics,
                of=of.measured if of else None,
                initial=shown,
            ),
            when=StartEndForm(typed, now=now, of=of, initial=shown),
        )

    def parts(self, step: Step) -> list[forms.Form]:
        """The forms of a step; of the variants, its rows."""
        parts: dict[Step, list[forms.Form]] = {
            "setup": [self.form, self.audience],
            "variants": list(self.variants.rows),
            "measurement": [self.measurement],
            "review": [self.when],
        }
        return parts[step]

    def names(self, step: Step) -> list[str]:
        """Every field of a step, those of rows that are not shown too."""
        if step == "variants":
            places = range(MOST_VARIANTS)
            parts = [f"variants-{n}-{part}" for n in places for part in VariantForm.base_fields]
            return [TOTAL, *parts]
        named = [bound.html_name for part in self.parts(step) for bound in part]
        return [*named, *(ZONES if step == "review" else ())]

    def fields(self) -> dict[str, str]:
        """All that the forms show, as a browser would send it."""
        shown = {name: "" for step in STEPS for name in self.names(step)}
        shown[TOTAL] = str(len(self.variants.rows))
        for step in STEPS:
            for part in self.parts(step):
                shown |= {bound.html_name: _text(bound.value()) for bound in part}
        return shown | self.when.shown()

    def wrong(self, step: Step) -> int:
        """How many fields of the step are missing or wrong; each then says so in its place."""
        if step == "variants":
            return 0 if self.variants.is_valid() else max(1, self.variants.wrong)
        valid = [part.is_valid() for part in self.parts(step)]
        if step == "setup" and all(valid):
            self._check_reach()
        return sum(len(part.errors) for part in self.parts(step))

    def draft(self) -> Draft | None:
        """What all steps come to; None where something is wrong."""
        wrong = [self.wrong(step) for step in STEPS]  # each, so that each says what is wrong
        if any(wrong):
            return None
        return Draft(
            **self.form.wanted(),
            **self.audience.wanted(),
            **self.when.wanted(),
            variants=self.variants.wanted(),
            measurement=self.measurement.wanted(),
        )

    def refuse(self, error: ExperimentError) -> None:
        """Shows the service's error in its place."""
        others = (self.variants, self.measurement, self.audience, self.when)
        if not any(part.refuse(error) for part in others):
            self.form.refuse(error)

    def _check_reach(self) -> None:
        reach: dict[str, Any] = self.audience.wanted()
        try:
            check_layers(self.form.cleaned_data["placement"], reach["layers"])
            if reach["ramp"] is not None:
                ramps.check(reach["ramp"])
        except ExperimentError as error:
            self.audience.refuse(error)


def sent(data: Mapping[str, str], names: list[str]) -> dict[str, str]:
    """The fields as they were sent, in the line ends they are shown with; empty where they were
    not, as of a box without a tick.
    """
    return {name: data.get(name, "").replace("\r\n", "\n") for name in names}


def _text(value: object) -> str:
    """A value of a field as a browser sends it."""
    if isinstance(value, bool) or value is None:
        return "on" if value else ""
    return str(value)
