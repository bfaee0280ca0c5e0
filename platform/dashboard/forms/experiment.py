"""The setup of an experiment. It says what to type; the service decides what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard import formats
from dashboard.forms.ramp import typed
from dashboard.forms.selects import TellingField
from experiments import selectors
from experiments.exceptions import ExperimentError, Invalid
from experiments.models import Experiment, Placement
from experiments.naming import check_hypothesis, check_name

HUNDRED = Decimal(100)
LEAST = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class PlacementChoice:
    """A placement and how much of its layer no running experiment holds, 0..1."""

    placement: Placement
    share: Decimal

    @property
    def free(self) -> str:
        return formats.share(float(self.share))

    @property
    def label(self) -> str:
        return f"{self.placement.key} (layer {self.placement.layer}, {self.free} free)"

    @property
    def traffic(self) -> str:
        """In percent, the most that a new experiment could start with; all where none is free."""
        return typed(self.share if self.share >= LEAST else Decimal(1))


def placement_choices() -> list[PlacementChoice]:
    """Every placement, with what its layer has free."""
    placements = list(Placement.objects.select_related("layer"))
    free = selectors.free_shares()
    return [PlacementChoice(placement=p, share=free[p.layer.pk]) for p in placements]


class ExperimentForm(forms.Form):
    """What is compared for, and where. Traffic is typed in percent."""

    use_required_attribute = False

    name = forms.CharField(
        label=_("Name"),
        help_text=_("What you would call it in a meeting. Its address is made from it."),
        error_messages={"required": _("Give the experiment a name.")},
    )
    hypothesis = forms.CharField(
        label=_("Hypothesis"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What you expect to change, and why. It stands on the experiment's page."),
    )
    placement = TellingField(
        label=_("Placement"),
        help_text=_("Where in the product the recommendations are shown."),
        error_messages={
            "required": _("Choose a placement."),
            "invalid_choice": _("This placement is gone. Choose another."),
        },
    )
    traffic = forms.DecimalField(
        label=_("Traffic"),
        initial=100,
        min_value=1,
        max_value=100,
        decimal_places=2,
        help_text=_("Share of the layer's users that take part."),
        error_messages={
            "required": _("Give a share from 1 to 100."),
            "invalid": _("Give a number from 1 to 100."),
            "min_value": _("Give at least 1%%."),
            "max_value": _("Give at most 100%%."),
            "max_decimal_places": _("Give at most two decimals: 0.01%% is one bucket."),
        },
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        placements: Sequence[PlacementChoice],
        of: Experiment | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=(_initial(of) if of else {}) | dict(initial or {}))
        self._of = of
        self._placements = {str(choice.placement.pk): choice for choice in placements}
        choices = [(key, choice.label) for key, choice in self._placements.items()]
        if len(choices) == 1:  # a list of one shows it chosen
            self.initial["placement"] = self.initial.get("placement") or choices[0][0]
            self.initial.setdefault("traffic", placements[0].traffic)
        picker = self.fields["placement"]
        assert isinstance(picker, TellingField)  # noqa: S101  (for the type checker)
        picker.offer(
            choices if len(choices) == 1 else [("", _("Choose one")), *choices],
            {
                key: {
                    "free": choice.free,
                    "percent": str(choice.share * HUNDRED),
                    "layer": choice.placement.layer.key,
                }
                for key, choice in self._placements.items()
            },
        )

    @property
    def placements(self) -> bool:
        """Whether there is any to choose."""
        return bool(self._placements)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        _said_by(lambda: check_name(name, but=self._of))
        return name

    def clean_hypothesis(self) -> str:
        hypothesis = str(self.cleaned_data["hypothesis"])
        _said_by(lambda: check_hypothesis(hypothesis))
        return hypothesis

    def clean_traffic(self) -> Decimal:
        return Decimal(self.cleaned_data["traffic"]) / HUNDRED

    def clean_placement(self) -> Placement:
        return self._placements[self.cleaned_data["placement"]].placement

    def wanted(self) -> dict[str, Any]:
        """What a Draft needs of it."""
        return dict(self.cleaned_data)

    def refuse(self, error: ExperimentError) -> None:
        """Shows the service's error in its place."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


def _said_by(check: Callable[[], None]) -> None:
    try:
        check()
    except Invalid as error:
        raise forms.ValidationError(error.message) from None


def _initial(experiment: Experiment) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "hypothesis": experiment.hypothesis,
        "placement": str(experiment.placement.pk),
        "traffic": typed(experiment.traffic),
    }
