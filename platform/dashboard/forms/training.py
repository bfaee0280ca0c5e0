"""The form of how a recommender is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from recommenders.exceptions import InvalidTrainingSettings
from recommenders.training_settings import Every, TrainingSettings

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


EVERY: dict[Every, StrOrPromise] = {
    "off": _("never"),
    "hourly": _("every hour"),
    "daily": _("every day"),
    "weekly": _("every week"),
    "monthly": _("every 30 days"),
}


def _whole(label: StrOrPromise, help_text: StrOrPromise, *, required: bool) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=required,
        error_messages=dict.fromkeys(
            ("required", "invalid"), _("Give a whole number of 1 or more.")
        ),
    )


def _bound(label: StrOrPromise) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        help_text=_("Ratings beyond it are left out. Empty: any number is a rating."),
        required=False,
        error_messages={"invalid": _("Give a number.")},
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


class TrainingForm(forms.Form):
    """Every field is one of TrainingSettings."""

    use_required_attribute = False

    window_days = _whole(
        _("Days of behaviour"),
        _("Only what happened in so many days before the training. Empty: all of the log."),
        required=False,
    )
    most_a_day = _whole(
        _("Most of one person in a day"),
        _("Days on which somebody does more are left out: that is a machine."),
        required=True,
    )
    only_catalogue = forms.BooleanField(
        required=False, label=_("Leave out items that the catalogue does not know")
    )
    lowest_rating = _bound(_("Lowest rating"))
    highest_rating = _bound(_("Highest rating"))

    every = forms.ChoiceField(
        label=_("Trained by the clock"),
        choices=list(EVERY.items()),
        help_text=_(
            "So long after a training was last asked for, by whomever. Not while an experiment "
            "that it serves is frozen."
        ),
    )
    promote = forms.ChoiceField(
        label=_("A new version goes live"),
        choices=[("gate", _("where the gate lets it")), ("hand", _("by hand only"))],
    )
    bound = forms.DecimalField(
        label=_("Most that may be lost"),
        help_text=_(
            "A share of what the live version scores: the gate lets a version through that is "
            "shown to lose no more."
        ),
        error_messages=dict.fromkeys(("required", "invalid"), _("Give a share in percent.")),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )

    def __init__(self, data: QueryDict | None, of: TrainingSettings) -> None:
        shown = msgspec.structs.asdict(of) | {"bound": f"{100 * of.bound:g}"}
        super().__init__(data, initial=shown)

    def wanted(self) -> TrainingSettings:
        share = float(self.cleaned_data["bound"] / 100)
        return TrainingSettings(**self.cleaned_data | {"bound": share})

    def refuse(self, error: InvalidTrainingSettings) -> None:
        self.add_error(error.field, str(error))
