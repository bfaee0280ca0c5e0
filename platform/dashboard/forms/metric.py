"""The form of a team's own metric. The definition and the services decide what is allowed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dashboard.forms.conditions import advice
from dashboard.forms.measure import MeasureForm
from experiments.exceptions import ExperimentError
from experiments.metrics import InvalidMetric, Metric
from experiments.metrics.measures import Window
from experiments.naming import hyphenated

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HUNDRED = Decimal(100)
KINDS = [
    (
        "mean",
        _("Per user"),
        _("What a user did, averaged over users: clicks per user, spend per user."),
    ),
    ("proportion", _("Share of users"), _("The share of users who did it at all: conversion.")),
    (
        "ratio",
        _("Ratio"),
        _("One sum over another, such as clicks per impression. Users are the unit."),
    ),
    ("retention", _("Came back"), _("The share of users who were there again some days later.")),
]
FIELD_OF = {
    "window": "until_days",
    "window.until_days": "until_days",
    "window.from_days": "from_days",
}
"""Where the form shows what the definition says against a part of it."""
UNNAMED = {"key": "this_metric", "name": "This metric", "description": ""}


def _figure(label: StrOrPromise, help_text: StrOrPromise) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=help_text,
        required=False,
        error_messages={"invalid": _("Give a number.")},
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


class MetricForm(forms.Form):
    """Everything but what is counted, which is in the forms `numerator` and `denominator`."""

    use_required_attribute = False

    name = forms.CharField(
        help_text=_("As it stands on every scorecard, such as Spend per user."),
        error_messages={"required": _("Give the metric a name.")},
    )
    key = forms.CharField(
        required=False,
        help_text=_("Its name in the API. Empty: made of the name. It never changes."),
    )
    description = forms.CharField(
        required=False,
        help_text=_("Half a sentence for who chooses a goal. Empty: the definition in words."),
    )
    kind = forms.ChoiceField(
        choices=[(kind, title) for kind, title, _says in KINDS],
        initial="mean",
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how users are compared."),
            "invalid_choice": _("There is no such kind. Choose one of those shown."),
        },
    )
    from_days = _figure(_("From day"), _("After a user's first exposure. Empty: at once."))
    until_days = _figure(_("Until day"), _("A user counts once it has passed. Empty: all time."))
    winsorise = _figure(
        _("Cut off totals at percentile"),
        _("Such as 99: the few who do very much weigh less. Empty: not at all."),
    )
    minimum_users = forms.IntegerField(
        label=_("Users in every arm"),
        initial=100,
        help_text=_("Nothing is judged before. At least 100."),
        error_messages={
            "required": _("Give a whole number."),
            "invalid": _("Give a whole number."),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    direction = forms.ChoiceField(
        label=_("Better is"),
        choices=[("increase", "more"), ("decrease", "less")],
        initial="increase",
    )
    format = forms.ChoiceField(
        label=_("Written as"),
        choices=[("number", "a number"), ("percent", "percent"), ("money", "money")],
        initial="number",
    )
    currency = forms.CharField(
        required=False, max_length=3, help_text=_("Three letters, such as EUR.")
    )

    def __init__(
        self, data: QueryDict | None, *, start: Metric | None = None, key: str | None = None
    ) -> None:
        """`start` is the metric that the form begins with; without its `key`, one like it."""
        super().__init__(data, initial=_initial(start))
        self._key = key
        if key is None:
            self.initial.update(dict.fromkeys(UNNAMED, ""))
        of_ratio = self.chosen == "ratio"
        self.numerator = MeasureForm(
            data, prefix="numerator", start=start.numerator if start else None
        )
        self.denominator = MeasureForm(
            data,
            prefix="denominator",
            start=start.denominator if start else None,
            chosen=of_ratio,
        )

    @property
    def chosen(self) -> str:
        return str(self["kind"].value() or "")

    @property
    def measures(self) -> list[MeasureForm]:
        """Those that are read: a ratio alone has a denominator."""
        return [self.numerator, *([self.denominator] if self.chosen == "ratio" else [])]

    @property
    def kinds(self) -> list[dict[str, Any]]:
        """The radio cards."""
        return [
            {"key": kind, "title": title, "says": says, "checked": kind == self.chosen}
            for kind, title, says in KINDS
        ]

    def clean_winsorise(self) -> Decimal | None:
        percentile: Decimal | None = self.cleaned_data["winsorise"]
        if percentile is not None and not 50 <= percentile < HUNDRED:
            raise forms.ValidationError(_("Give a percentile from 50 to less than 100."))
        return percentile

    def metric(self, *, unnamed: bool = False) -> Metric | None:
        """What was typed; None where something is wrong, which then stands in its place.

        With `unnamed` a metric whose name is still to come has one made up.
        """
        right = self.is_valid()
        if unnamed:
            right = not set(self.errors) - set(UNNAMED)
        for form in self.measures:
            right = form.is_valid() and right  # each says what is wrong with it
        if not right:
            return None
        try:
            return self._metric(self._made_up() if unnamed else self._names())
        except InvalidMetric as error:
            self._blame(error)
            return None

    def refuse(self, error: ExperimentError) -> None:
        """Shows the service's error in its place."""
        self.add_error(error.field if error.field in self.fields else None, error.message)

    def complaints(self) -> list[str]:
        """All that is wrong with what is counted, in the order of the page."""
        rows = [row for form in self.measures for row in (form, *form.where)]
        own = [errors for field, errors in self.errors.items() if field not in UNNAMED]
        parts = [errors for form in rows for errors in form.errors.values()]
        return [str(said) for errors in (*own, *parts) for said in errors]

    def _names(self) -> dict[str, str]:
        given = self.cleaned_data
        made = self._key or given["key"] or hyphenated(given["name"]).replace("-", "_")[:64]
        return {"key": made, "name": given["name"], "description": given["description"]}

    def _made_up(self) -> dict[str, str]:
        return UNNAMED | {"name": self.cleaned_data.get("name") or UNNAMED["name"]}

    def _metric(self, names: dict[str, str]) -> Metric:
        given, percentile = self.cleaned_data, self.cleaned_data["winsorise"]
        assert self.numerator.measure is not None  # noqa: S101  (for the type checker)
        return Metric(
            **names,
            kind=given["kind"],
            numerator=self.numerator.measure,
            denominator=self.denominator.measure if given["kind"] == "ratio" else None,
            window=self._window(),
            winsorise=None if percentile is None else float(percentile / HUNDRED),
            direction=given["direction"],
            format=given["format"],
            currency=given["currency"].upper() or None if given["format"] == "money" else None,
            minimum_users=given["minimum_users"],
        )

    def _window(self) -> Window | None:
        begins, ends = self.cleaned_data["from_days"], self.cleaned_data["until_days"]
        if ends is None:
            if begins:
                raise InvalidMetric(
                    "window.until_days", "give the day it ends, or leave both empty"
                )
            return None
        if begins is not None and ends <= begins:
            raise InvalidMetric("window.until_days", "give a day after the one it begins")
        return Window(from_days=float(begins or 0), until_days=float(ends))

    def _blame(self, error: InvalidMetric) -> None:
        field = FIELD_OF.get(error.field, error.field)
        if field in ("numerator", "denominator"):
            form = self.numerator if field == "numerator" else self.denominator
            form.add_error("source", advice(error))
        else:
            self.add_error(field if field in self.fields else None, advice(error))


def _initial(start: Metric | None) -> dict[str, Any]:
    if start is None:
        return {}
    given: dict[str, Any] = msgspec.structs.asdict(start)
    window, capped = start.window, start.winsorise
    return given | {
        "from_days": f"{window.from_days:.15g}" if window and window.from_days else "",
        "until_days": f"{window.until_days:.15g}" if window else "",
        "winsorise": "" if capped is None else f"{(Decimal(repr(capped)) * HUNDRED).normalize():f}",
    }
