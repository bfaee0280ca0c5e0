"""The form of a metric: what is typed, and the definition that comes of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from dashboard.forms.conditions import ConditionForm, initial_of
from dashboard.forms.metric import MetricForm
from experiments.metrics import METRICS, Metric
from experiments.metrics.filters import Compare, Condition, Equals, Exists, OneOf
from experiments.metrics.measures import Clicks, Events, Items, Slates, Window

TYPED = {
    "name": "Spend per user",
    "key": "",
    "description": "What people spend.",
    "kind": "mean",
    "numerator-source": "events",
    "numerator-type": "purchase",
    "numerator-aggregation": "sum",
    "until_days": "7",
    "winsorise": "99.5",
    "direction": "increase",
    "minimum_users": "200",
    "format": "money",
    "currency": "eur",
}
SPEND = Metric(
    key="spend_per_user",
    name="Spend per user",
    kind="mean",
    description="What people spend.",
    numerator=Events(type="purchase", aggregation="sum"),
    window=Window(until_days=7),
    winsorise=0.995,
    minimum_users=200,
    format="money",
    currency="EUR",
)


def sent(typed: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update(typed)
    return data


def form_of(**changes: str) -> MetricForm:
    return MetricForm(sent(TYPED | changes))


def shown(form: MetricForm) -> dict[str, Any]:
    """What a browser sends back of a form as it is shown."""
    parts = [form]
    for measure in (form.numerator, form.denominator):
        parts += [measure, *measure.where]  # type: ignore[list-item]
    values = {bound.html_name: bound.value() for part in parts for bound in part}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_what_is_typed_becomes_a_definition() -> None:
    assert form_of().metric() == SPEND


CONDITIONS = (
    Equals(field="properties.channel", to="web"),
    Equals(field="properties.grade", to="3"),
    OneOf(field="item", values=("a", "b, c")),
    Compare(field="value", order=">=", to=5.25),
    Exists(field="properties.coupon", present=False),
    OneOf(field="properties.size", values=(1, 2.5, True, "true")),
)
FULL = msgspec.structs.replace(
    SPEND,
    kind="ratio",
    numerator=Events(type="purchase", aggregation="items", where=CONDITIONS),
    denominator=Slates(slower_than_ms=350.5, fallback=True),
    window=Window(from_days=0.5, until_days=7.25),
)


@pytest.mark.parametrize("metric", [*METRICS.values(), SPEND, FULL], ids=lambda m: m.key)
def test_every_definition_comes_back_from_its_form_as_it_was(metric: Metric) -> None:
    form = MetricForm(None, start=metric, key=metric.key)

    again = MetricForm(sent(shown(form)), start=metric, key=metric.key)

    assert again.metric() == metric
    assert again.errors == {}


def test_one_like_another_takes_all_but_its_name() -> None:
    form = MetricForm(None, start=METRICS["slow_slates"])
    typed = shown(form) | {"name": "Over 350 ms", "numerator-slower_than_ms": "350"}

    made = MetricForm(sent(typed), start=METRICS["slow_slates"]).metric()

    assert "name" not in shown(form) or shown(form)["name"] == ""
    assert made is not None
    assert (made.key, made.name, made.description) == ("over_350_ms", "Over 350 ms", "")
    assert (made.numerator, made.denominator) == (Slates(slower_than_ms=350), Slates())
    assert (made.direction, made.format) == ("decrease", "percent")


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-(2.0**53), 2.0**53, width=32),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30),
)


@given(st.lists(SCALARS, min_size=1, max_size=4))
def test_whatever_a_property_is_compared_with_comes_back_as_it_was(values: list[Any]) -> None:
    conditions: list[Condition] = [
        OneOf(field="properties.any", values=tuple(values)),
        Equals(field="properties.any", to=values[0]),
    ]

    for condition in conditions:
        row = ConditionForm(sent(initial_of(condition)))
        assert row.is_valid(), row.errors
        assert repr(row.condition) == repr(condition)


@pytest.mark.parametrize(
    ("changes", "where", "field", "message"),
    [
        ({"name": " "}, "", "name", "Give the metric a name."),
        ({"key": "Spend"}, "", "key", "Must be a to z, 0 to 9 and _, beginning with a letter."),
        ({"kind": "median"}, "", "kind", "There is no such kind. Choose one of those shown."),
        ({"kind": ""}, "", "kind", "Choose how users are compared."),
        ({"until_days": "soon"}, "", "until_days", "Give a number."),
        ({"until_days": "NaN"}, "", "until_days", "Give a number."),
        ({"until_days": "0"}, "", "until_days", "Must be a number of days above from_days."),
        ({"from_days": "-1"}, "", "from_days", "Must be 0 or more days."),
        (
            {"from_days": "1", "until_days": ""},
            "",
            "until_days",
            "Give the day it ends, or leave both empty.",
        ),
        ({"winsorise": "40"}, "", "winsorise", "Give a percentile from 50 to less than 100."),
        ({"until_days": "3651"}, "", "until_days", "Must be at most 3,650 days."),
        ({"from_days": "7"}, "", "until_days", "Give a day after the one it begins."),
        (
            {"kind": "proportion"},
            "",
            "winsorise",
            "Has nothing to cap where users only did or did not.",
        ),
        (
            {"kind": "retention", "winsorise": ""},
            "",
            "until_days",
            "Retention needs a window that begins after the first exposure.",
        ),
        ({"minimum_users": "99"}, "", "minimum_users", "Must be 100 to 1,000,000,000."),
        ({"minimum_users": "1.5"}, "", "minimum_users", "Give a whole number."),
        (
            {"currency": ""},
            "",
            "currency",
            "Must be three capital letters, and belongs to format `money` alone.",
        ),
        ({"numerator-source": "luck"}, "numerator", "source", "Select a valid choice."),
        (
            {"numerator-source": "slates", "numerator-slower_than_ms": "-1"},
            "numerator",
            "slower_than_ms",
            "Must be 0 or more milliseconds.",
        ),
        (
            {"kind": "retention", "numerator-source": "clicks", "winsorise": "", "from_days": "1"},
            "numerator",
            "source",
            "Retention is coming back: count slates or events.",
        ),
        (
            {
                "kind": "ratio",
                "numerator-source": "clicks",
                "denominator-source": "clicks",
            },
            "denominator",
            "source",
            "Must differ from the numerator.",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    changes: dict[str, str], where: str, field: str, message: str
) -> None:
    form = form_of(**changes)

    assert form.metric() is None

    part = getattr(form, where) if where else form
    assert str(part.errors[field][0]).startswith(message)


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"place": "property", "to": "5"}, "name", "Name the property."),
        ({"place": "value", "test": ">"}, "to", "Give what to compare with."),
        ({"place": "value", "test": ">", "to": "much"}, "to", "Give a number, such as 9.50."),
        ({"place": "value", "test": "is", "to": "much"}, "to", "Give a number, such as 9.50."),
        ({"place": "item", "test": ">", "to": "5"}, "test", "An item has no order"),
        ({"place": "item", "test": "one_of", "to": 'a, "b'}, "to", "Separate values by commas"),
        ({"place": "value", "test": "is", "to": "1e17"}, "to", "Must be a number of at most 2^53"),
        ({"place": "user", "to": "5"}, "place", "Select a valid choice."),
    ],
)
def test_so_does_what_is_wrong_with_a_condition(
    row: dict[str, str], field: str, message: str
) -> None:
    typed = {f"numerator-where-3-{name}": value for name, value in row.items()}

    form = form_of(**typed)

    assert form.metric() is None
    assert str(form.numerator.where[3].errors[field][0]).startswith(message)
    assert form.numerator.more_used
    assert form.complaints()[0].startswith(message)


def test_what_belongs_to_another_choice_is_neither_read_nor_found_wrong() -> None:
    form = form_of(
        **{
            "numerator-source": "clicks",
            "numerator-slower_than_ms": "soon",
            "numerator-where-0-to": "left over",
            "denominator-source": "luck",
            "denominator-slower_than_ms": "soon",
        }
    )

    made = form.metric()

    assert made == msgspec.structs.replace(SPEND, numerator=Clicks())
    assert form.denominator["slower_than_ms"].value() == "soon"


def test_a_ratio_takes_both_measures() -> None:
    made = form_of(kind="ratio", **{"denominator-source": "items"}).metric()

    assert made is not None
    assert (made.numerator, made.denominator) == (SPEND.numerator, Items())


def test_to_see_what_it_counts_a_metric_needs_no_name() -> None:
    form = form_of(name="", key="No Key")

    made = form.metric(unnamed=True)

    assert made is not None
    assert made.fingerprint == SPEND.fingerprint
    assert form.complaints() == []
