"""One condition on events, as it is typed and as it is kept."""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext_lazy as _

from experiments.metrics import InvalidMetric
from experiments.metrics.filters import PROPERTY, Compare, Condition, Equals, Exists, OneOf, Scalar

MOST_CONDITIONS = 6
PLACES = [("", "all of them"), ("property", "property"), ("value", "value"), ("item", "item")]
TESTS = [
    ("is", "is"),
    ("one_of", "is one of"),
    ("<", "is below"),
    ("<=", "is at most"),
    (">", "is above"),
    (">=", "is at least"),
    ("exists", "is there"),
    ("missing", "is not there"),
]
NUMBER = _("Give a number, such as 9.50.")
SEPARATE = _("Separate values by commas; put one that has a comma itself in quotation marks.")
PART = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^",]+)\s*(?:,|$)')


class ConditionForm(forms.Form):
    """A row left without a place is no condition."""

    use_required_attribute = False

    place = forms.ChoiceField(choices=PLACES, required=False)
    name = forms.CharField(required=False, max_length=64)
    test = forms.ChoiceField(choices=TESTS, required=False)
    to = forms.CharField(required=False, max_length=1000)

    condition: Condition | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        place = cleaned.get("place")
        if not place:
            return cleaned
        if place == "property" and not cleaned.get("name"):
            self.add_error("name", _("Name the property."))
        if not self.errors:
            self._build(place, cleaned["name"], cleaned["test"] or "is", cleaned["to"])
        return cleaned

    def _build(self, place: str, name: str, test: str, to: str) -> None:
        if not to and test not in ("exists", "missing"):
            self.add_error("to", _("Give what to compare with."))
            return
        try:
            field = f"{PROPERTY}{name}" if place == "property" else place
            self.condition = _condition(field, test, to)
        except InvalidMetric as error:
            at = "test" if error.field == "field" else "to"
            self.add_error(at, advice(error))
        except ValueError as error:
            self.add_error("to", str(error))


def advice(error: InvalidMetric) -> str:
    """What the definition says against a field, as a sentence of its own."""
    return f"{error.remedy[:1].upper()}{error.remedy[1:]}."


def initial_of(condition: Condition) -> dict[str, str]:
    """What is typed to get that condition."""
    named = condition.field.startswith(PROPERTY)
    row = {
        "place": "property" if named else condition.field,
        "name": condition.field.removeprefix(PROPERTY) if named else "",
    }
    match condition:
        case Equals(to=to):
            return row | {"test": "is", "to": _typed(to)}
        case OneOf(values=values):
            return row | {"test": "one_of", "to": ", ".join(map(_typed, values))}
        case Compare(order=order, to=to):
            return row | {"test": order, "to": f"{to:.15g}"}
        case Exists(present=present):
            return row | {"test": "exists" if present else "missing"}


def _condition(field: str, test: str, to: str) -> Condition:
    if test in ("exists", "missing"):
        return Exists(field=field, present=test == "exists")
    if test == "is":
        return Equals(field=field, to=_scalar(to, field))
    if test == "one_of":
        return OneOf(field=field, values=tuple(_scalar(part, field) for part in _parts(to)))
    number = _number(to)
    return Compare(field=field, order=test, to=float(number))  # type: ignore[arg-type]


def _scalar(text: str, field: str) -> Scalar:
    """As JSON where it is a number, true, false, or in quotation marks; else text as it stands."""
    if field == "value":
        return _number(text)
    try:
        found = msgspec.json.decode(text, type=Scalar)
    except msgspec.DecodeError:
        return text
    return text if field == "item" and not isinstance(found, str) else found


def _number(text: str) -> int | float:
    try:
        number = msgspec.json.decode(text.strip(), type=int | float)
    except msgspec.DecodeError:
        raise ValueError(NUMBER) from None
    if not math.isfinite(number):
        raise ValueError(NUMBER)
    return number


def _parts(text: str) -> list[str]:
    parts, at = [], 0
    while at < len(text):
        found = PART.match(text, at)
        if found is None:
            raise ValueError(SEPARATE)
        parts.append(found[1].strip())
        at = found.end()
    return [part for part in parts if part]


def _typed(value: Scalar) -> str:
    """Plain where it is taken back as the same, else as JSON."""
    if not isinstance(value, str):
        return msgspec.json.encode(value).decode()
    plain = value == value.strip() and not set(value) & set('",') and _is_text(value)
    return value if plain else msgspec.json.encode(value).decode()


def _is_text(value: str) -> bool:
    return value != "" and _scalar(value, f"{PROPERTY}any") == value
