"""The forms of one rule more for a placement's slates. The service decides what is allowed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.layers import PlainForm
from experiments.assignment.slate_rules import LAST, LONGEST
from experiments.slate_rules import BURIED

TOO_LONG = _("Give at most %(limit_value)d characters.")


class PinForm(PlainForm):
    item = forms.CharField(
        label=_("Item"),
        max_length=LONGEST,
        help_text=_("Its id, as events name it."),
        error_messages={"required": _("Give the id of an item."), "max_length": TOO_LONG},
    )
    position = forms.IntegerField(
        label=_("Position"),
        initial=1,
        help_text=_("1 is the first. Requests for fewer items do not get it."),
        widget=forms.NumberInput(attrs={"min": 1, "max": LAST}),
        error_messages={
            "required": _("Give a position, such as 1."),
            "invalid": _("Give a whole number."),
        },
    )


class BuryForm(PlainForm):
    what = forms.ChoiceField(
        label=_("What"),
        choices=[("item", _("An item")), ("category", _("A category"))],
        error_messages={"invalid_choice": _("Choose one of the two.")},
    )
    name = forms.CharField(
        label=_("Id or name"),
        max_length=LONGEST,
        error_messages={
            "required": _("Give the id of an item, or the name of a category."),
            "max_length": TOO_LONG,
        },
    )


class RemoveForm(PlainForm):
    rule = forms.ChoiceField(choices=[(one, one) for one in ("pins", *BURIED.values())])
    name = forms.CharField(max_length=LONGEST, strip=False)
