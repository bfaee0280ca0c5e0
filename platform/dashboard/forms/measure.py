"""What is counted of a user, as it is typed: a source, and for events which of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dashboard.forms.conditions import MOST_CONDITIONS, ConditionForm, advice, initial_of
from experiments.metrics import InvalidMetric
from experiments.metrics.measures import (
    ClickedSlates,
    Clicks,
    Events,
    Items,
    Measure,
    SeenItems,
    Slates,
    UnattributedClicks,
)

SOURCES = [
    ("events", "Events"),
    ("clicks", "Clicks on items served"),
    ("items", "Items served (impressions)"),
    ("slates", "Slates served"),
    ("clicked_slates", "Slates with a click"),
    ("seen_items", "Items seen"),
    ("unattributed_clicks", "Clicks gone astray"),
]
AGGREGATIONS = [
    ("count", "their number"),
    ("sum", "the sum of their values"),
    ("items", "how many different items they name"),
]
ONLY_OF = {
    "type": "events",
    "aggregation": "events",
    "slower_than_ms": "slates",
    "fallback": "slates",
}
"""Fields that are read where the source is that one; of another source they mean nothing."""


PLAIN: dict[str, Callable[[], Measure]] = {
    "clicks": Clicks,
    "items": Items,
    "clicked_slates": ClickedSlates,
    "seen_items": SeenItems,
    "unattributed_clicks": UnattributedClicks,
}


class MeasureForm(forms.Form):
    """One measure. `measure` is there once the form is valid."""

    use_required_attribute = False

    source = forms.ChoiceField(
        choices=SOURCES, label=_("What is counted"), error_messages={"required": _("Choose one.")}
    )
    type = forms.CharField(
        label=_("Event type"),
        required=False,
        max_length=64,
        help_text=_("As your product sends it, such as purchase. Empty: events of any type."),
        widget=forms.TextInput(attrs={"list": "event-types", "autocomplete": "off"}),
    )
    aggregation = forms.ChoiceField(choices=AGGREGATIONS, label=_("Of each user"))
    slower_than_ms = forms.FloatField(
        label=_("Only slower than"),
        required=False,
        help_text=_("Milliseconds. Empty: however fast."),
        error_messages={"invalid": _("Give milliseconds, such as 350.")},
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    fallback = forms.BooleanField(
        label=_("Only those that another recommender had to answer"), required=False
    )

    measure: Measure | None = None

    def __init__(
        self, data: QueryDict | None, *, prefix: str, start: Measure | None, chosen: bool = True
    ) -> None:
        """`start` fills a form that was not sent yet; one not `chosen` is never found wrong."""
        super().__init__(data if chosen else None, prefix=prefix)
        self.initial = _sent(self, data) if data else _initial(start)
        where = start.where if isinstance(start, Events) else ()
        self.where = [
            ConditionForm(data if chosen else None, prefix=f"{prefix}-where-{n}")
            for n in range(MOST_CONDITIONS)
        ]
        for n, row in enumerate(self.where):
            typed = initial_of(where[n]) if n < len(where) else {}
            row.initial = _sent(row, data) if data else dict(typed)

    @property
    def more_used(self) -> bool:
        """Whether a condition after the first is there to be seen."""
        return any(row["place"].value() or row.errors for row in self.where[1:])

    def is_valid(self) -> bool:
        return super().is_valid() and self.measure is not None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        source = cleaned.get("source")
        for name, needed in ONLY_OF.items():
            if source != needed and name in self.errors:
                del self.errors[name]
        if not self.errors and (source != "events" or self._rows_are_right()):
            try:
                self.measure = self._measure(cleaned)
            except InvalidMetric as error:
                self.add_error(error.field, advice(error))
        return cleaned

    def _rows_are_right(self) -> bool:
        wrong = [row for row in self.where if not row.is_valid()]
        return not wrong

    def _measure(self, given: dict[str, Any]) -> Measure:
        if given["source"] == "events":
            rows = tuple(row.condition for row in self.where if row.condition is not None)
            return Events(type=given["type"] or None, aggregation=given["aggregation"], where=rows)
        if given["source"] == "slates":
            return Slates(slower_than_ms=given["slower_than_ms"], fallback=given["fallback"])
        return PLAIN[given["source"]]()


def _initial(start: Measure | None) -> dict[str, Any]:
    if start is None:
        return {"source": "events"}
    given: dict[str, Any] = msgspec.to_builtins(start)
    if given.get("slower_than_ms") is not None:
        given["slower_than_ms"] = f"{given['slower_than_ms']:.15g}"
    return given


def _sent(form: forms.Form, data: QueryDict) -> dict[str, Any]:
    return {name: data.get(form.add_prefix(name), "") for name in form.fields}
