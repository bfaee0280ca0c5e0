"""For whom recommenders are tried, and which."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from recommenders.models import Recommender

MOST = 4  # slates side by side
USUAL = 3
MOST_ITEMS = 50
LONGEST_ID = 256
SIZES = (5, 10, 20)
USUAL_SIZE = 10


class TryForm(forms.Form):
    """A user, or items that somebody met; `r` are the keys of the recommenders."""

    use_required_attribute = False

    user = forms.CharField(
        required=False,
        max_length=LONGEST_ID,
        label=_("User id"),
        help_text=_("As your requests give it. Leave it empty for somebody new."),
    )
    items = forms.CharField(
        required=False,
        label=_("Items met"),
        max_length=MOST_ITEMS * LONGEST_ID,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
        help_text=_("Item ids with commas between, the latest last. Stand for what the user did."),
    )
    k = forms.ChoiceField(
        choices=[(str(size), str(size)) for size in SIZES],
        required=False,
        initial=str(USUAL_SIZE),
        label=_("Items in a slate"),
    )
    r = forms.MultipleChoiceField(
        label=_("Recommenders"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose a recommender."),
            "invalid_choice": _("There is no recommender “%(value)s”. Choose among those shown."),
        },
    )

    def __init__(self, data: QueryDict | None, recommenders: Sequence[Recommender]) -> None:
        super().__init__(data)
        picker = self.fields["r"]
        assert isinstance(picker, forms.MultipleChoiceField)  # noqa: S101  (for the type checker)
        picker.choices = [(one.key, one.key) for one in recommenders]
        picker.initial = [one.key for one in recommenders if one.live_id][:USUAL]

    def clean_items(self) -> list[str]:
        found = [part for part in re.split(r"[,\s]+", self.cleaned_data["items"]) if part]
        if len(found) > MOST_ITEMS:
            raise forms.ValidationError(_("Give at most %s items.") % MOST_ITEMS)
        return found

    def clean_k(self) -> int:
        return int(self.cleaned_data["k"] or USUAL_SIZE)

    def clean_r(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["r"]
        if len(chosen) > MOST:
            raise forms.ValidationError(_("Choose at most %s: more do not fit.") % MOST)
        return chosen
