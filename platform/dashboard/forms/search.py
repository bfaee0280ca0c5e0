"""The form that starts a search of settings."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from recommenders.searches import MOST_TRIALS, SAMPLERS, Wanted

WORDS = {
    "tpe": _("by what was best so far (TPE)"),
    "random": _("at random"),
    "grid": _("off a grid"),
}
TRIALS = _("Give a whole number from 1 to %(most)s.") % {"most": MOST_TRIALS}


class SearchForm(forms.Form):
    """The rest is as `manage.py search` has it by default."""

    use_required_attribute = False

    trials = forms.IntegerField(
        label=_("Settings to try"),
        min_value=1,
        max_value=MOST_TRIALS,
        initial=30,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), TRIALS),
    )
    sampler = forms.ChoiceField(
        label=_("Chosen"), choices=[(name, WORDS[name]) for name in SAMPLERS], initial="tpe"
    )

    def wanted(self) -> Wanted:
        return Wanted(sampler=self.cleaned_data["sampler"], trials=self.cleaned_data["trials"])
