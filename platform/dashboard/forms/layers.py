"""The forms of layers, placements and holdouts. The services decide what is allowed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from experiments.models import Layer
from recommenders.models import Recommender

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HUNDRED = Decimal(100)
KEY_HINT = _("Lower-case letters, digits and hyphens. It never changes.")


class PlainForm(forms.Form):
    """A form whose fields are a service's arguments."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)

    def wanted(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


def _key() -> forms.CharField:
    return forms.CharField(
        max_length=64, help_text=KEY_HINT, error_messages={"required": _("Give it a key.")}
    )


def _name() -> forms.CharField:
    return forms.CharField(max_length=120, error_messages={"required": _("Give it a name.")})


def _layer(empty: StrOrPromise) -> forms.ModelChoiceField:  # type: ignore[type-arg]
    return forms.ModelChoiceField(
        queryset=Layer.objects.all(), required=False, to_field_name="key", empty_label=empty
    )


def _recommender() -> forms.ModelChoiceField:  # type: ignore[type-arg]
    return forms.ModelChoiceField(
        queryset=Recommender.objects.order_by("key"),
        to_field_name="key",
        label=_("Default recommender"),
        empty_label=_("Choose one"),
        error_messages={"required": _("Choose what it shows outside experiments.")},
    )


def _share() -> forms.DecimalField:
    return forms.DecimalField(
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0"}),
        error_messages={
            "required": _("Give a share, such as 5."),
            "invalid": _("Give a number."),
            "max_decimal_places": _("Give at most two decimals: 0.01%% is one bucket."),
        },
    )


class LayerForm(PlainForm):
    key = _key()
    name = _name()
    unit = forms.ChoiceField(
        choices=[("user", _("User")), ("device", _("Device, where a request names one"))],
        help_text=_("What is hashed. With the device, somebody keeps a variant through a login."),
    )


class PlacementForm(PlainForm):
    key = _key()
    name = _name()
    default_recommender = _recommender()
    layer = _layer(_("One of its own"))

    @property
    def recommenders(self) -> bool:
        """Whether there is any to serve by default."""
        return Recommender.objects.exists()


class HoldoutForm(PlainForm):
    key = _key()
    name = _name()
    share = _share()
    layer = _layer(_("All experiments"))

    def wanted(self) -> dict[str, Any]:
        return self.cleaned_data | {"share": self.cleaned_data["share"] / HUNDRED}


class DefaultForm(PlainForm):
    default_recommender = _recommender()


class ShareForm(PlainForm):
    share = _share()

    def wanted(self) -> dict[str, Any]:
        return {"share": self.cleaned_data["share"] / HUNDRED}
