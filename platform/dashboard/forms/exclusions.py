"""Forms for the rules that leave out bots and staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from experiments import exclusions
from experiments.exceptions import Invalid
from experiments.metrics.exclusions import EventsPerDay, Limit, SlatesPerDay
from people.actors import Actor

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class RuleForm(forms.Form):
    """A form that adds or changes a rule; `kind` tells which form of the page was sent."""

    use_required_attribute = False
    kind = ""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_{self.kind}_%s")
        super().__init__(data, **kwargs)

    def apply(self, actor: Actor) -> bool:
        """Do it; False where something is wrong, which the form then says in its place."""
        if not self.is_valid():
            return False
        try:
            self.change(actor)
        except Invalid as error:
            self.add_error(error.field, error.message)
            return False
        return True

    def change(self, actor: Actor) -> None:
        raise NotImplementedError


def _number(label: StrOrPromise, help_text: StrOrPromise) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        error_messages={"required": _("Give a number."), "invalid": _("Give a whole number.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


class LimitForm(RuleForm):
    """A limit of something a day; of a rule, with its field `limit`."""

    rule: type[Limit]

    def change(self, actor: Actor) -> None:
        exclusions.set_limit(self.rule(limit=self.cleaned_data["limit"]), now=now(), actor=actor)


class SlatesForm(LimitForm):
    kind = "slates"
    rule = SlatesPerDay

    limit = _number(
        _("Slates a day"),
        _("Whoever is served more on one day, on all placements together, is taken for a bot."),
    )


class EventsForm(LimitForm):
    kind = "events"
    rule = EventsPerDay

    limit = _number(
        _("Events a day"),
        _(
            "Whoever clicks, views, adds to the cart, buys and rates more on one day, taken "
            "together, is taken for a bot. Impressions and custom types do not count."
        ),
    )


class UsersForm(RuleForm):
    kind = "users"

    name = forms.CharField(
        label=_("Name of the list"),
        help_text=_("Who they are, such as “office”."),
        error_messages={"required": _("Give the list a name.")},
    )
    users = forms.CharField(
        label=_("User ids"),
        help_text=_("One on a line, as your product sends them."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Give at least one user id.")},
    )

    def change(self, actor: Actor) -> None:
        given = self.cleaned_data
        exclusions.leave_out_users(
            given["name"], given["users"].splitlines(), now=now(), actor=actor
        )


class AttributeForm(RuleForm):
    kind = "attribute"

    attribute = forms.CharField(
        label=_("Attribute"),
        help_text=_("As sent with /route, such as staff."),
        error_messages={"required": _("Give the attribute's name.")},
    )
    value = forms.CharField(
        label=_("Value"),
        help_text=_("Values are compared as text: true for a JSON true, 3 for a 3."),
        error_messages={"required": _("Give the value that marks them.")},
    )

    def change(self, actor: Actor) -> None:
        given = self.cleaned_data
        exclusions.leave_out_attribute(given["attribute"], given["value"], now=now(), actor=actor)


FORMS: tuple[type[RuleForm], ...] = (SlatesForm, EventsForm, UsersForm, AttributeForm)
