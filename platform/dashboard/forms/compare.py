"""Which model versions are compared, and with which."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from recommenders.models import ModelVersion

MOST = 5  # columns


class CompareForm(forms.Form):
    """`v` are names of versions; `base` is the one that the others are compared with."""

    use_required_attribute = False

    base = forms.ChoiceField(
        label=_("Compare with"),
        error_messages={
            "invalid_choice": _("There is no version “%(value)s”. Choose one of those listed.")
        },
    )
    v = forms.MultipleChoiceField(
        label=_("Versions"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose a version to compare."),
            "invalid_choice": _("There is no version “%(value)s”. Choose among those listed."),
        },
    )

    def __init__(self, data: QueryDict | None, versions: Sequence[ModelVersion]) -> None:
        super().__init__(data)
        choices = [(version.name, version.name) for version in versions]
        for name in ("base", "v"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
            field.choices = choices
        live = [v.name for v in versions if v.pk == v.recommender.live_id][:MOST]
        self.fields["v"].initial = live
        self.fields["base"].initial = next(iter(live), None)

    def clean_v(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["v"]
        if len(chosen) > MOST:
            raise forms.ValidationError(_("Choose at most %s: more do not fit.") % MOST)
        return chosen

    def chosen(self) -> list[str]:
        """The names, that of the base first."""
        base = self.cleaned_data["base"]
        return [base, *(name for name in self.cleaned_data["v"] if name != base)]
