"""Forms for the rules that leave out bots and staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User

from experiments import exclusions
from experiments.exceptions import Invalid


class RuleForm(forms.Form):
    """A form that adds or changes a rule; `kind` tells which form of the page was sent."""

    use_required_attribute = False
    kind = ""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_{self.kind}_%s")
        super().__init__(data, **kwargs)

    def apply(self, actor: User) -> bool:
        """Do it; False where something is wrong, which the form then says in its place."""
        if not self.is_valid():
            return False
        try:
            self.change(actor)
        except Invalid as error:
            self.add_error(error.field, error.message)
            return False
        return True

    def change(self, actor: User) -> None:
        raise NotImplementedError


class LimitForm(RuleForm):
    kind = "limit"

    limit = forms.IntegerField(
        label="Slates a day",
        help_text="Whoever is served more on one day, on all placements together, is taken for a "
        "bot.",
        error_messages={"required": "Give a number.", "invalid": "Give a whole number."},
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def change(self, actor: User) -> None:
        exclusions.limit_slates(self.cleaned_data["limit"], actor=actor)


class UsersForm(RuleForm):
    kind = "users"

    name = forms.CharField(
        label="Name of the list",
        help_text="Who they are, such as “office”.",
        error_messages={"required": "Give the list a name."},
    )
    users = forms.CharField(
        label="User ids",
        help_text="One on a line, as your product sends them.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Give at least one user id."},
    )

    def change(self, actor: User) -> None:
        given = self.cleaned_data
        exclusions.leave_out_users(given["name"], given["users"].splitlines(), actor=actor)


class AttributeForm(RuleForm):
    kind = "attribute"

    attribute = forms.CharField(
        label="Attribute",
        help_text="As sent with /route, such as staff.",
        error_messages={"required": "Give the attribute's name."},
    )
    value = forms.CharField(
        label="Value",
        help_text="Values are compared as text: True for a JSON true.",
        error_messages={"required": "Give the value that marks them."},
    )

    def change(self, actor: User) -> None:
        given = self.cleaned_data
        exclusions.leave_out_attribute(given["attribute"], given["value"], actor=actor)


FORMS: tuple[type[RuleForm], ...] = (LimitForm, UsersForm, AttributeForm)
