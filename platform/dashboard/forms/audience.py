"""Whom an experiment takes, and how its traffic grows: all of it optional."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.ramp import HUNDRED, RampRows, optional_number, shown, typed
from experiments.assignment import conditions
from experiments.drafts import LayerShare
from experiments.exceptions import ExperimentError, Invalid
from experiments.models import Experiment, Layer
from experiments.ramps import ramp_of


class AudienceForm(RampRows):
    """A condition, further layers by their share in percent, and the steps of a ramp."""

    use_required_attribute = False

    condition = forms.CharField(
        required=False,
        label=_("Condition on attributes"),
        widget=forms.Textarea(
            attrs={"rows": 3, "spellcheck": "false", "placeholder": '{"country": {"$in": ["NL"]}}'}
        ),
        help_text=_("JSON. Users whose attributes do not meet it get the default."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        layers: Sequence[Layer],
        of: Experiment | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=(_initial(of) if of else {}) | dict(initial or {}))
        self._layers = {f"layer-{layer.key}": layer for layer in layers}
        for name in self._layers:
            self.fields[name] = optional_number()
        self.add_rows(ramp_of(of) if of else None)

    @property
    def layer_rows(self) -> list[tuple[Layer, forms.BoundField]]:
        return [(layer, self[name]) for name, layer in self._layers.items()]

    @property
    def filled(self) -> bool:
        """Whether anything is given or wrong: then it is not folded away."""
        return bool(self.errors) or any(self[name].value() for name in self.fields)

    def clean_condition(self) -> dict[str, Any] | None:
        text = self.cleaned_data["condition"].strip()
        if not text:
            return None
        try:
            said = json.loads(text)
            conditions.check(said)
        except ValueError as error:
            raise forms.ValidationError(_("This is not JSON: %s.") % error) from None
        except Invalid as error:
            where = (error.field or "").removeprefix("condition").removeprefix("/")
            at = _("At %s: ") % where if where else ""
            raise forms.ValidationError(f"{at}{error.message}") from None
        return dict(said)

    def wanted(self) -> dict[str, Any]:
        """What a Draft needs of it."""
        given = self.cleaned_data
        return {
            "condition": given["condition"],
            "layers": [
                LayerShare(layer=layer, share=given[name] / HUNDRED)
                for name, layer in self._layers.items()
                if given[name]
            ],
            "ramp": self.ramp(),
        }

    def refuse(self, error: ExperimentError) -> bool:
        """Shows the error in its place; False where it is about something else."""
        stem, *rest = (error.field or "").split("/")
        place: str | None = stem
        if stem == "layers":
            shares = [name for name in self._layers if self.cleaned_data.get(name)]
            place = shares[int(rest[0])] if rest else next(iter(self._layers), None)
        elif stem == "ramp":
            place = self.place_of(error)
        if place not in self.fields:
            return False
        self.add_error(place, error.message)
        return True


def _initial(experiment: Experiment) -> dict[str, Any]:
    start: dict[str, Any] = {
        "condition": ""
        if experiment.condition is None
        else json.dumps(experiment.condition, ensure_ascii=False, indent=2),
    }
    for one in experiment.memberships.select_related("layer"):
        start[f"layer-{one.layer.key}"] = typed(one.share)
    return start | shown(ramp_of(experiment))
