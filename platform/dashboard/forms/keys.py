"""Forms that make a key, and that change where and how often a client key may be used."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from people.roles import Role
from serving.access import CLIENT, SERVER, Access, ClientAccess, ServerAccess
from serving.exceptions import Invalid

KINDS = (
    (SERVER, "Server key", _("For a back end, which keeps it secret. What it may do is its role.")),
    (
        CLIENT,
        "Client key",
        _("For a page or an app, where anybody can read it. For routing alone."),
    ),
)
FAIR_START = 600
"""Requests a minute: an office shares an address."""


class ClientForm(forms.Form):
    """What bounds a client key."""

    use_required_attribute = False

    origins = forms.CharField(
        required=False,
        label=_("Origins"),
        help_text=_(
            "Whose pages may use the key, one a line, such as https://shop.example. Without "
            "any, it is for apps, which send no origin."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    per_minute = forms.IntegerField(
        required=False,
        label=_("Requests a minute"),
        help_text=_(
            "Of each address. People in one office may share an address. Empty: any number."
        ),
        error_messages={"invalid": _("Give a whole number, or nothing for any number.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def client_access(self) -> ClientAccess | None:
        """What was typed; None where something is wrong, which then stands in its place."""
        try:
            return ClientAccess(
                origins=tuple(filter(str.strip, self.cleaned_data["origins"].splitlines())),
                per_minute=self.cleaned_data["per_minute"],
            )
        except Invalid as error:
            self.add_error(error.pointer.split("/")[1], error.message)
            return None


class KeyForm(ClientForm):
    """A key is named and bounded; its secret is made, not chosen."""

    name = forms.CharField(
        max_length=120,
        label=_("Name of the new key"),
        help_text=_("Who will use it, such as “storefront” or “mobile app”."),
        error_messages={
            "required": _("Give the key a name, so that you know it when you revoke it."),
            "max_length": _("Give a name of at most 120 characters."),
        },
    )
    kind = forms.ChoiceField(
        choices=[(kind, title) for kind, title, says in KINDS],
        error_messages={
            "required": _("Choose a kind."),
            "invalid_choice": _("Choose one of the two."),
        },
    )
    role = forms.ChoiceField(
        required=False,
        label=_("Role"),
        choices=[(role.value, role.value) for role in Role],
        help_text=_("Routing, assigning and sending events take no more than viewer."),
        error_messages={"invalid_choice": _("Choose one of those shown.")},
    )

    def __init__(self, data: Any = None) -> None:
        initial = {"kind": SERVER, "role": Role.VIEWER.value, "per_minute": FAIR_START}
        super().__init__(data, initial=initial)

    @property
    def kinds(self) -> list[dict[str, Any]]:
        """The radio cards."""
        chosen = self["kind"].value()
        return [
            {"key": kind, "title": title, "says": says, "checked": kind == chosen}
            for kind, title, says in KINDS
        ]

    def access(self) -> Access | None:
        """What was typed; None where something is wrong, which then stands in its place."""
        if not self.is_valid():
            return None
        if self.cleaned_data["kind"] == CLIENT:
            return self.client_access()
        return ServerAccess(role=Role(self.cleaned_data["role"] or Role.VIEWER.value))
