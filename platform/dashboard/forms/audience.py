"""Whom an experiment takes, when it runs and how its traffic grows: all of it optional."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from experiments.assignment import conditions
from experiments.drafts import LayerShare
from experiments.exceptions import ExperimentError, Invalid
from experiments.models import Experiment, Layer
from experiments.ramps import Ramp, Step, ramp_of

HUNDRED = Decimal(100)
RAMP_ROWS = 5
NUMBER = {"invalid": "Give a number.", "max_decimal_places": "Give at most two decimals."}


def _when(label: str, help_text: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        required=False,
        label=label,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Give a day and a time, such as 2026-12-01 08:00."},
    )


def _optional_number(**attrs: str) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0", **attrs}),
        error_messages=NUMBER,
    )


class AudienceForm(forms.Form):
    """A condition, further layers by their share in percent, a schedule and the steps of a ramp."""

    use_required_attribute = False

    condition = forms.CharField(
        required=False,
        label="Condition on attributes",
        widget=forms.Textarea(
            attrs={"rows": 3, "spellcheck": "false", "placeholder": '{"country": {"$in": ["NL"]}}'}
        ),
        help_text="JSON. Users whose attributes do not meet it get the default.",
    )
    starts_at = _when("Start", "UTC. Left empty, you start it yourself.")
    ends_at = _when("End", "UTC. Left empty, you stop it yourself.")

    def __init__(
        self, data: QueryDict | None, *, layers: Sequence[Layer], of: Experiment | None = None
    ) -> None:
        super().__init__(data, initial=_initial(of) if of else None)
        self._layers = {f"layer-{layer.key}": layer for layer in layers}
        for name in self._layers:
            self.fields[name] = _optional_number()
        for n in range(RAMP_ROWS):
            for part in ("share", "hours", "users"):
                self.fields[f"ramp-{n}-{part}"] = _optional_number()

    @property
    def layer_rows(self) -> list[tuple[Layer, forms.BoundField]]:
        return [(layer, self[name]) for name, layer in self._layers.items()]

    @property
    def ramp_rows(self) -> list[tuple[forms.BoundField, ...]]:
        return [
            tuple(self[f"ramp-{n}-{part}"] for part in ("share", "hours", "users"))
            for n in range(RAMP_ROWS)
        ]

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
            raise forms.ValidationError(f"This is not JSON: {error}.") from None
        except Invalid as error:
            where = (error.field or "").removeprefix("condition").removeprefix("/")
            at = f"At {where}: " if where else ""
            raise forms.ValidationError(f"{at}{error.message}") from None
        return dict(said)

    def wanted(self) -> dict[str, Any]:
        """What a Draft needs of it."""
        given = self.cleaned_data
        steps = self._steps()
        return {
            "condition": given["condition"],
            "starts_at": given["starts_at"],
            "ends_at": given["ends_at"],
            "layers": [
                LayerShare(layer=layer, share=given[name] / HUNDRED)
                for name, layer in self._layers.items()
                if given[name]
            ],
            "ramp": Ramp(steps=tuple(step for _, step in steps)) if steps else None,
        }

    def refuse(self, error: ExperimentError) -> bool:
        """Shows the error in its place; False where it is about something else."""
        stem, *rest = (error.field or "").split("/")
        place: str | None = stem
        if stem == "layers":
            shares = [name for name in self._layers if self.cleaned_data.get(name)]
            place = shares[int(rest[0])]
        elif stem == "ramp":
            steps = self._steps()
            row = steps[int(rest[1])][0] if len(rest) > 1 else 0
            place = f"ramp-{row}-{rest[2] if len(rest) > 2 else 'share'}"
        if place not in self.fields:
            return False
        self.add_error(place, error.message)
        return True

    def _steps(self) -> list[tuple[int, Step]]:
        """The steps with the rows they were typed in."""
        given = self.cleaned_data
        return [
            (
                n,
                Step(
                    share=given[f"ramp-{n}-share"] / HUNDRED,
                    hours=float(given.get(f"ramp-{n}-hours") or 0),
                    users=int(given.get(f"ramp-{n}-users") or 0),
                ),
            )
            for n in range(RAMP_ROWS)
            if given.get(f"ramp-{n}-share")
        ]


def _initial(experiment: Experiment) -> dict[str, Any]:
    ramp = ramp_of(experiment)
    shown: dict[str, Any] = {
        "condition": ""
        if experiment.condition is None
        else json.dumps(experiment.condition, ensure_ascii=False, indent=2),
        "starts_at": experiment.starts_at,
        "ends_at": experiment.ends_at,
    }
    for one in experiment.memberships.select_related("layer"):
        shown[f"layer-{one.layer.key}"] = typed(one.share)
    for n, step in enumerate(ramp.steps if ramp else ()):
        shown[f"ramp-{n}-share"] = typed(step.share)
        shown[f"ramp-{n}-hours"] = f"{step.hours:g}" if step.hours else None
        shown[f"ramp-{n}-users"] = step.users or None
    return shown


def typed(share: Decimal) -> str:
    """A share as somebody would type it in percent: `40`, `33.33`."""
    return f"{(share * HUNDRED).quantize(Decimal('0.01')).normalize():f}"
