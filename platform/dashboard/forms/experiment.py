"""The form of a new experiment. It says what to type; the service decides what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard import formats
from experiments import selectors
from experiments.exceptions import ExperimentError
from experiments.metrics import METRICS
from experiments.models import Placement
from experiments.services import MOST_VARIANTS, VariantSpec
from recommenders.models import Recommender

HUNDRED = Decimal(100)
FIRST_ROWS = 3


@dataclass(frozen=True, kw_only=True)
class PlacementChoice:
    """A placement and how much of its layer no running experiment holds."""

    placement: Placement
    free: str

    @property
    def label(self) -> str:
        return f"{self.placement.key} (layer {self.placement.layer}, {self.free} free)"


def placement_choices() -> list[PlacementChoice]:
    """Every placement; a layer's free share is read once, however many placements share it."""
    placements = list(Placement.objects.select_related("layer"))
    free = {p.layer.pk: formats.share(float(selectors.free_share(p.layer))) for p in placements}
    return [PlacementChoice(placement=p, free=free[p.layer.pk]) for p in placements]


class PlacementSelect(forms.Select):
    """Options that carry their layer and its free share, for the line under the traffic field."""

    placements: Mapping[str, PlacementChoice] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        choice = self.placements.get(str(value))
        if choice:
            option["attrs"] |= {"data-free": choice.free, "data-layer": choice.placement.layer.key}
        return option


class ExperimentForm(forms.Form):
    """Everything but the variants. Traffic is typed in percent."""

    use_required_attribute = False

    name = forms.CharField(
        help_text="What you would call it in a meeting. Its address is made from it.",
        error_messages={"required": "Give the experiment a name."},
    )
    hypothesis = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you expect to change, and why. It stands on the experiment's page.",
    )
    placement = forms.ChoiceField(
        widget=PlacementSelect,
        help_text="Where in the product the recommendations are shown.",
        error_messages={
            "required": "Choose a placement.",
            "invalid_choice": "This placement is gone. Choose another.",
        },
    )
    traffic = forms.DecimalField(
        initial=100,
        min_value=1,
        max_value=100,
        decimal_places=2,
        help_text="Share of the layer's users that take part.",
        error_messages={
            "required": "Give a share from 1 to 100.",
            "invalid": "Give a number from 1 to 100.",
            "min_value": "Give at least 1%%.",
            "max_value": "Give at most 100%%.",
            "max_decimal_places": "Give at most two decimals: 0.01%% is one bucket.",
        },
    )
    primary_metric = forms.ChoiceField(
        choices=[(metric.key, metric.name) for metric in METRICS.values()],
        initial="ctr",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose the metric that decides.",
            "invalid_choice": "There is no such metric. Choose one of those shown.",
        },
    )

    def __init__(self, data: QueryDict | None, *, placements: Sequence[PlacementChoice]) -> None:
        super().__init__(data)
        self._placements = {str(choice.placement.pk): choice for choice in placements}
        choices = [(key, choice.label) for key, choice in self._placements.items()]
        picker = self.fields["placement"]
        assert isinstance(picker, forms.ChoiceField)  # noqa: S101  (for the type checker)
        assert isinstance(picker.widget, PlacementSelect)  # noqa: S101
        picker.choices = choices if len(choices) == 1 else [("", "Choose one"), *choices]
        picker.widget.placements = self._placements

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The radio cards of the primary metric."""
        chosen = self["primary_metric"].value()
        return [{"metric": m, "checked": m.key == chosen} for m in METRICS.values()]

    def clean_traffic(self) -> Decimal:
        return Decimal(self.cleaned_data["traffic"]) / HUNDRED

    def clean_placement(self) -> Placement:
        return self._placements[self.cleaned_data["placement"]].placement

    def wanted(self) -> dict[str, Any]:
        """The arguments of `create_experiment` but for variants and actor."""
        return dict(self.cleaned_data)

    def refuse(self, error: ExperimentError) -> None:
        """Shows the service's error in its place."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


class VariantForm(forms.Form):
    """One arm. Its weight is typed in percent; a row left wholly empty is no arm."""

    use_required_attribute = False

    recommender = forms.ChoiceField(required=False)
    weight = forms.DecimalField(
        required=False,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0", "data-weight": ""}),
        error_messages={
            "invalid": "Give a number.",
            "max_decimal_places": "Give at most two decimals: 0.01%% is one bucket.",
        },
    )

    def is_blank(self) -> bool:
        return not self["recommender"].value() and self["weight"].value() in (None, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.is_blank() and "weight" not in self.errors:
            if not cleaned.get("recommender") and "recommender" not in self.errors:
                self.add_error("recommender", "Choose a recommender, or clear the weight.")
            if cleaned.get("weight") is None:
                self.add_error("weight", "Give a weight, such as 50.")
        return cleaned


@dataclass(kw_only=True)
class VariantRows:
    """The rows of the form, in their order: the first is the control."""

    rows: list[VariantForm]
    empty: VariantForm
    recommenders: dict[str, Recommender]
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, data: QueryDict | None, recommenders: Sequence[Recommender]) -> VariantRows:
        """Rows as they were sent, or the first three of a new form."""
        choices = [("", "Choose one"), *((r.key, _option(r)) for r in recommenders)]
        count = FIRST_ROWS if data is None else _sent(data)
        rows = [_row(data, n, choices) for n in range(count)]
        return cls(
            rows=rows,
            empty=_row(None, "__prefix__", choices),
            recommenders={r.key: r for r in recommenders},
        )

    def is_valid(self) -> bool:
        valid = [row.is_valid() for row in self.rows if not row.is_blank()]
        return all(valid)

    def wanted(self) -> list[VariantSpec]:
        return [
            VariantSpec(
                recommender=self.recommenders[row.cleaned_data["recommender"]],
                weight=row.cleaned_data["weight"] / HUNDRED,
            )
            for row in self._filled()
        ]

    def refuse(self, error: ExperimentError) -> bool:
        """Shows an error about variants in its place; False where it is about something else."""
        stem, *rest = (error.field or "").split("/")
        if stem != "variants":
            return False
        if len(rest) == 2 and rest[1] in VariantForm.base_fields:
            self._filled()[int(rest[0])].add_error(rest[1], error.message)
        else:
            self.errors.append(error.message)
        return True

    def _filled(self) -> list[VariantForm]:
        return [row for row in self.rows if not row.is_blank()]


def _row(data: QueryDict | None, n: int | str, choices: list[tuple[str, str]]) -> VariantForm:
    first = {"weight": 50} if data is None and n in (0, 1) else None
    form = VariantForm(data, prefix=f"variants-{n}", initial=first)
    picker = form.fields["recommender"]
    assert isinstance(picker, forms.ChoiceField)  # noqa: S101  (for the type checker)
    picker.choices = choices
    return form


def _sent(data: QueryDict) -> int:
    try:
        return min(max(int(str(data["variants-TOTAL_FORMS"])), 2), MOST_VARIANTS)
    except (KeyError, ValueError):
        return FIRST_ROWS


def _option(recommender: Recommender) -> str:
    return f"{recommender.key} ({recommender.live or 'no trained model yet'})"
