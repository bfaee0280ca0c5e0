"""A form with one of each field, shown on the page of the design system with its errors."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SampleForm(forms.Form):
    """It is never sent."""

    name = forms.CharField(
        label=_("Name"), help_text=_("Shown in lists and in the head of the page.")
    )
    margin = forms.DecimalField(
        label=_("Margin"),
        min_value=0.01,
        error_messages={
            "min_value": _(
                "Give a margin above 0. With 0, no amount of data can show that the metric is safe."
            )
        },
    )
    layer = forms.ChoiceField(label=_("Layer"), choices=[("home", "home"), ("cart", "cart")])
    why = forms.CharField(label=_("Why"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


def sample(theme: str) -> SampleForm:
    """Filled in, with a margin that is refused; its ids are the theme's own."""
    return SampleForm(
        {"name": "Learned ranking", "margin": "0", "layer": "home", "why": ""},
        auto_id=f"{theme}_%s",
    )
