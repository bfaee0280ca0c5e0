"""The form that registers a recommender: its settings are those the algorithm describes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from recommenders import algorithms
from recommenders.algorithms import Description, Field
from recommenders.exceptions import HyperparameterError, InvalidRecommender, RecommenderError
from recommenders.models import KEY

FIRST_CHOICE = "item_knn"
"""Asks for nothing but behaviour, is quick to train and hard to beat."""


class RecommenderForm(forms.Form):
    """The key and the algorithm."""

    use_required_attribute = False

    key = forms.CharField(
        max_length=64,
        validators=[KEY],
        help_text=lazy(
            "Lower-case letters, digits, hyphens, such as item-knn-fresh. It never changes."
        ),
        error_messages={"required": lazy("Give the recommender a key, such as item-knn-fresh.")},
    )
    algorithm = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": lazy("Choose an algorithm."),
            "invalid_choice": lazy("There is no such algorithm. Choose one of those shown."),
        },
    )

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        self.descriptions = [algorithms.describe(name) for name in algorithms.names()]
        picker = self.fields["algorithm"]
        assert isinstance(picker, forms.ChoiceField)  # noqa: S101  (for the type checker)
        picker.choices = [(d.name, d.title) for d in self.descriptions]
        picker.initial = FIRST_CHOICE
        self.configs = [ConfigForm(data, description) for description in self.descriptions]

    @property
    def chosen(self) -> str:
        return str(self["algorithm"].value() or "")

    def config(self) -> ConfigForm | None:
        """The settings of the chosen algorithm; those of the others are never read."""
        return next((c for c in self.configs if c.description.name == self.chosen), None)

    def refuse(self, error: RecommenderError) -> None:
        """Shows the service's error in its place."""
        config = self.config()
        if isinstance(error, InvalidRecommender) and error.field in self.fields:
            self.add_error(error.field, str(error))
        elif isinstance(error, HyperparameterError) and config and error.field in config.fields:
            config.add_error(error.field, f"{error.allowed[:1].upper()}{error.allowed[1:]}.")
        else:
            self.add_error(None, str(error))


class ConfigForm(forms.Form):
    """One algorithm's settings."""

    use_required_attribute = False

    def __init__(self, data: QueryDict | None, description: Description) -> None:
        super().__init__(data, prefix=description.name)
        self.description = description
        for field in description.fields:
            self.fields[field.name] = _form_field(field)


class LinesField(forms.CharField):
    """Several texts, one on a line."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        lines = str(super().to_python(value) or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(value or ())


def _form_field(field: Field) -> forms.Field:
    says = f"{field.allowed[:1].upper()}{field.allowed[1:]}."
    if field.type is tuple:
        return _text_field(LinesField, field, says)
    if field.type is str:
        return (
            _choice_field(field, says)
            if field.choices
            else _text_field(forms.CharField, field, says)
        )
    return _number_field(field, says)


def _label(field: Field) -> str:
    return field.name.replace("_", " ").capitalize()


def _number_field(field: Field, says: str) -> forms.Field:
    kind: type[forms.IntegerField] = forms.IntegerField if field.type is int else forms.FloatField
    wrong = dict.fromkeys(("required", "invalid", "min_value", "max_value"), says)
    options: dict[str, Any] = {"min_value": field.low, "max_value": field.high}
    return kind(
        label=_label(field),
        initial=field.default,
        help_text=_("%(help)s From %(low)s to %(high)s.")
        % {"help": field.help, "low": f"{field.low:,}", "high": f"{field.high:,}"},
        error_messages=wrong,
        widget=forms.NumberInput(attrs={"step": "1" if field.type is int else "any"}),
        **options,
    )


def _choice_field(field: Field, says: str) -> forms.Field:
    return forms.ChoiceField(
        label=_label(field),
        initial=field.default,
        help_text=field.help,
        error_messages=dict.fromkeys(("required", "invalid_choice"), says),
        choices=[(one, one) for one in field.choices],
    )


def _text_field(kind: type[forms.CharField], field: Field, says: str) -> forms.Field:
    """What a text may be in full is for the algorithm to judge, which also says what is wrong."""
    return kind(
        label=_label(field),
        initial=field.default,
        help_text=f"{field.help} {says}",
        required=not (isinstance(field.default, str) and field.accepts("")),
        error_messages={"required": says},
    )
