"""What the clock does with an experiment: its start, its end, and its ramp."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dashboard.forms.changes import ChangeForm
from dashboard.forms.ramp import RampRows, typed
from dashboard.forms.when import when
from experiments.exceptions import ExperimentError
from experiments.models import Experiment


class ScheduleForm(ChangeForm):
    ends_at = when("End", _("Left empty, you stop it yourself."))
    why = forms.CharField(required=False, max_length=500)

    def __init__(self, data: QueryDict | None, experiment: Experiment) -> None:
        super().__init__(data, initial={"ends_at": experiment.ends_at})

    def wanted(self) -> dict[str, Any]:
        return {"starts_at": None, **self.cleaned_data}


class RampForm(RampRows, ChangeForm):
    """A ramp from the present share on."""

    why = forms.CharField(required=False, max_length=500)

    def __init__(self, data: QueryDict | None, experiment: Experiment) -> None:
        super().__init__(data, initial={"ramp-0-share": typed(experiment.traffic)})
        self.add_rows(None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and self.ramp() is None:
            self.add_error("ramp-0-share", _("Give 2 to 10 steps."))
        return cleaned

    def wanted(self) -> dict[str, Any]:
        return {"ramp": self.ramp(), "why": self.cleaned_data["why"]}

    def refuse(self, error: ExperimentError) -> None:
        about_ramp = (error.field or "").startswith("ramp")
        self.add_error(self.place_of(error) if about_ramp else None, error.message)
