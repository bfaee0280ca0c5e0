"""Which user is asked about, and what their request would say of them."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext_lazy as _

from serving.attributes import Attributes

LONGEST_ID = 256
NO_OBJECT = _('Give a JSON object of plain values or lists of them, such as {"country": "NL"}.')


class UserForm(forms.Form):
    """`attributes` are JSON, as a request gives them."""

    use_required_attribute = False

    user = forms.CharField(
        max_length=LONGEST_ID, label=_("User id"), error_messages={"required": _("Give a user id.")}
    )
    device = forms.CharField(
        required=False,
        max_length=LONGEST_ID,
        label=_("Device id"),
        help_text=_("Stands for the user in layers whose unit is the device."),
    )
    attributes = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": '{"country": "NL"}'}),
        help_text=_("JSON, as a request gives them. Conditions are judged by these."),
    )

    def clean_attributes(self) -> dict[str, Any]:
        text = self.cleaned_data["attributes"].strip()
        try:
            return msgspec.json.decode(text, type=Attributes) if text else {}
        except msgspec.MsgspecError:
            raise forms.ValidationError(NO_OBJECT) from None
