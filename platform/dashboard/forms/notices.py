"""Forms that say who is told of what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notices.exceptions import NoticesError
from notices.kinds import Kind
from notices.models import EmailSubscription, Webhook

KINDS = [(kind.value, kind.label) for kind in Kind]


class ToldForm(forms.Form):
    """What somebody is told of; the services say what is allowed."""

    use_required_attribute = False

    kinds = forms.MultipleChoiceField(
        choices=KINDS,
        required=False,
        label=_("What to be told of"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose of those shown.")},
    )

    def refuse(self, error: NoticesError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)


class NewWebhookForm(ToldForm):
    url = forms.CharField(
        label=_("Address"),
        required=False,
        help_text=_("It may be inside your own network. Its secret is made, and shown once."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "placeholder": "https://example.com/hooks"}
        ),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"kinds": [kind for kind, title in KINDS]})


class WebhookForm(ToldForm):
    active = forms.BooleanField(required=False, label=_("Switched on"))

    def __init__(self, data: Any, webhook: Webhook) -> None:
        super().__init__(data, initial={"kinds": webhook.kinds, "active": webhook.active})


class EmailForm(ToldForm):
    address = forms.CharField(
        label=_("Your address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"max_length": _("Give an address of at most 254 characters.")},
    )

    def __init__(self, data: Any, subscription: EmailSubscription | None, known: str) -> None:
        start = {"address": known, "kinds": []}
        if subscription is not None:
            start = {"address": subscription.address, "kinds": subscription.kinds}
        super().__init__(data, initial=start)
