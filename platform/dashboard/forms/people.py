"""Forms that invite a person, set a role, and choose a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from people.roles import Role

ROLES = [(role.value, role.value) for role in Role]
UNKNOWN = {"required": _("Choose a role."), "invalid_choice": _("Choose one of the four roles.")}


class InviteForm(forms.Form):
    """Who is invited, and as what."""

    use_required_attribute = False

    name = forms.CharField(
        label=_("Name"),
        help_text=_("What they log in with: letters, digits and @ . + - _ only."),
        error_messages={"required": _("Give the person a name to log in with.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    role = forms.ChoiceField(choices=ROLES, error_messages=UNKNOWN)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"role": Role.VIEWER.value})

    @property
    def roles(self) -> list[dict[str, Any]]:
        """The radio cards."""
        chosen = self["role"].value()
        return [
            {"key": key, "title": key, "says": Role(key).may, "checked": key == chosen}
            for key, title in ROLES
        ]


class RoleForm(forms.Form):
    """Another role for somebody."""

    role = forms.ChoiceField(choices=ROLES, error_messages=UNKNOWN)


def password_form(user: User, data: Any, *, known: bool) -> SetPasswordForm[User]:
    """A new password twice, and the old one first unless it is `known` to be made for one login."""
    form = (SetPasswordForm if known else PasswordChangeForm)(user, data)
    form.use_required_attribute = False
    for name, label in (
        ("old_password", "The password you have"),
        ("new_password1", "The new one"),
        ("new_password2", "The new one again"),
    ):
        if name in form.fields:
            form.fields[name].label = label
    form.fields["new_password1"].help_text = _(
        "At least 8 characters, and none of the common ones."
    )
    form.fields["new_password2"].help_text = ""
    return form
