"""The forms of changes to an experiment under way. The moves decide what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dashboard.forms.ramp import typed
from experiments.checks import VariantSpec
from experiments.exceptions import ExperimentError
from experiments.models import Experiment, Phase, Variant
from recommenders.models import Recommender

HUNDRED = Decimal(100)
DECIMALS = _("Give at most two decimals: 0.01%% is one bucket.")


class ChangeForm(forms.Form):
    """A change that a move may refuse, by a field or as a whole. Several stand on one page, so the
    ids of their fields begin with the form's own name.
    """

    use_required_attribute = False

    def __init__(self, data: QueryDict | None, initial: dict[str, Any] | None = None) -> None:
        name = type(self).__name__.removesuffix("Form").lower()
        super().__init__(data, initial=initial, auto_id=f"id_{name}_%s")

    def refuse(self, error: ExperimentError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)


def _percent(**given: Any) -> forms.DecimalField:
    return forms.DecimalField(
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0"}),
        error_messages={
            "required": _("Give a share, such as 50."),
            "invalid": _("Give a number."),
            "max_decimal_places": DECIMALS,
        },
        **given,
    )


class TrafficForm(ChangeForm):
    """A lower share takes users out, which the form asks to confirm."""

    traffic = _percent()
    why = forms.CharField(required=False, max_length=500)
    sure = forms.BooleanField(required=False, label=_("Take these users out"))

    def __init__(self, data: QueryDict | None, experiment: Experiment) -> None:
        super().__init__(data, initial={"traffic": typed(experiment.traffic)})
        self.before = experiment.traffic

    def share(self) -> Decimal | None:
        """What is typed, of 1; None where that is no share."""
        self.is_valid()
        typed_share = self.cleaned_data.get("traffic")
        return None if typed_share is None else typed_share / HUNDRED

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        share = cleaned.get("traffic")
        lower = share is not None and 1 <= share < self.before * HUNDRED
        if lower and not cleaned.get("sure"):
            self.add_error("sure", _("Tick that its users may leave, or give a higher share."))
        return cleaned

    def wanted(self) -> dict[str, Any]:
        share = self.cleaned_data["traffic"] / HUNDRED
        return {"traffic": share, "why": self.cleaned_data["why"]}


class WordsForm(ChangeForm):
    name = forms.CharField(max_length=120, error_messages={"required": _("Give it a name.")})
    hypothesis = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: QueryDict | None, experiment: Experiment) -> None:
        start = {"name": experiment.name, "hypothesis": experiment.hypothesis}
        super().__init__(data, initial=start)


class OverrideForm(ChangeForm):
    user = forms.CharField(
        max_length=256, label=_("User"), error_messages={"required": _("Give a user id.")}
    )
    variant = forms.ChoiceField(label=_("Variant"))

    def __init__(self, data: QueryDict | None, variants: Sequence[Variant]) -> None:
        super().__init__(data)
        picker = self.fields["variant"]
        assert isinstance(picker, forms.ChoiceField)  # noqa: S101  (for the type checker)
        picker.choices = [(v.key, f"{v.letter}  {v.key}") for v in variants]


class ArmsForm(ChangeForm):
    """A weight in percent for every arm that was not killed, and perhaps one new arm."""

    recommender = forms.ModelChoiceField(
        queryset=Recommender.objects.exclude(live=None).order_by("key"),
        required=False,
        empty_label="No new arm",
        to_field_name="key",
        label=_("New arm"),
    )
    weight = forms.DecimalField(
        required=False,
        decimal_places=2,
        label=_("Its weight"),
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0"}),
        error_messages={"invalid": _("Give a number."), "max_decimal_places": DECIMALS},
    )
    anew = forms.BooleanField(required=False, label=_("Draw all arms anew"))
    why = forms.CharField(
        max_length=500,
        error_messages={"required": _("Say why: whoever reads the results later will ask.")},
    )

    def __init__(self, data: QueryDict | None, variants: Sequence[Variant], phase: Phase) -> None:
        super().__init__(data)
        self.living = [variant for variant in variants if variant.key not in phase.killed]
        whole = sum((variant.weight for variant in self.living), Decimal(0))
        for variant in self.living:
            self.fields[f"weight-{variant.key}"] = _percent(
                label=variant.key, initial=typed(variant.weight / whole)
            )

    @property
    def rows(self) -> list[tuple[Variant, forms.BoundField]]:
        return [(variant, self[f"weight-{variant.key}"]) for variant in self.living]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("recommender")) != bool(cleaned.get("weight")):
            field = "weight" if cleaned.get("recommender") else "recommender"
            if field not in self.errors:
                self.add_error(field, _("A new arm takes both: a recommender and a weight."))
        return cleaned

    def weights(self) -> dict[str, Decimal]:
        """By key, as shares of 1."""
        return {v.key: self.cleaned_data[f"weight-{v.key}"] / HUNDRED for v in self.living}

    def new(self) -> list[VariantSpec]:
        recommender = self.cleaned_data.get("recommender")
        if recommender is None:
            return []
        share = self.cleaned_data["weight"] / HUNDRED
        return [VariantSpec(recommender=recommender, weight=share)]

    def wanted(self) -> dict[str, Any]:
        return {
            "weights": self.weights(),
            "new": self.new(),
            "anew": self.cleaned_data["anew"],
            "why": self.cleaned_data["why"],
        }

    def refuse(self, error: ExperimentError) -> None:
        """A weight's error goes to its row, one of all weights above them."""
        name = (error.field or "").replace("weights/", "weight-")
        field = name.removeprefix("new/0/")
        self.add_error(field if field in self.fields else None, error.message)
