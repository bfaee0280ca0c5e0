"""What a metric can be, and how an impossible one is refused."""

from typing import Any

import msgspec
import pytest

from experiments.metrics import GUARDRAILS, METRICS, InvalidMetric, Metric, MetricsError
from experiments.metrics.builtin import retention, slow_slates
from experiments.metrics.filters import Compare, Equals, Exists, OneOf
from experiments.metrics.measures import Clicks, Events, Items, Slates, Window

FIELDS: dict[str, Any] = {"key": "gmv", "name": "GMV", "kind": "mean", "numerator": Clicks()}
WEEK = Window(until_days=7)
LATER = Window(from_days=7, until_days=8)


def test_the_built_in_metrics_are_keyed_by_their_own_key_and_count_different_things() -> None:
    assert list(METRICS) == [metric.key for metric in METRICS.values()]
    assert len({metric.fingerprint for metric in METRICS.values()}) == len(METRICS)
    assert [METRICS[key].direction for key in GUARDRAILS] == ["decrease"] * 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "Gross value"}, "key"),
        ({"name": " "}, "name"),
        ({"kind": "ratio"}, "denominator"),
        ({"denominator": Items()}, "denominator"),
        ({"kind": "ratio", "denominator": Clicks()}, "denominator"),
        ({"kind": "retention", "window": LATER}, "numerator"),
        ({"kind": "retention", "numerator": Slates()}, "window"),
        ({"kind": "retention", "numerator": Slates(), "window": WEEK}, "window"),
        ({"winsorise": 0.4}, "winsorise"),
        ({"winsorise": 1.0}, "winsorise"),
        ({"kind": "proportion", "winsorise": 0.99}, "winsorise"),
        ({"minimum_users": 99}, "minimum_users"),
        ({"minimum_users": 10**30}, "minimum_users"),
        ({"format": "money"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"format": "money", "currency": "euro"}, "currency"),
    ],
)
def test_an_impossible_definition_names_the_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidMetric) as refusal:
        Metric(**(FIELDS | change))

    assert refusal.value.field == field
    assert isinstance(refusal.value, MetricsError)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Window(from_days=-1, until_days=1), "window.from_days"),
        (lambda: Window(from_days=1, until_days=1), "window.until_days"),
        (lambda: Window(until_days=float("inf")), "window.until_days"),
        (lambda: Window(until_days=3_651), "window.until_days"),
        (lambda: Slates(slower_than_ms=-1), "slower_than_ms"),
        (lambda: Events(type=" "), "type"),
        (lambda: Exists(field="user"), "field"),
        (lambda: Exists(field="properties."), "field"),
        (lambda: Equals(field="item", to=3), "to"),
        (lambda: Equals(field="value", to="3"), "to"),
        (lambda: OneOf(field="item", values=()), "values"),
        (lambda: OneOf(field="value", values=(1, True)), "values"),
        (lambda: Compare(field="item", order="<", to=1), "field"),
        (lambda: Compare(field="value", order="<", to=float("inf")), "to"),
        (lambda: Equals(field="properties.size", to=float("nan")), "to"),
        (lambda: Equals(field="properties.size", to=2**53 + 1), "to"),
    ],
)
def test_so_does_an_impossible_part(make: Any, field: str) -> None:
    with pytest.raises(InvalidMetric) as refusal:
        make()

    assert refusal.value.field == field


def test_a_definition_survives_json_and_keeps_its_fingerprint() -> None:
    metric = Metric(
        **FIELDS
        | {
            "numerator": Events(
                type="purchase",
                aggregation="sum",
                where=(
                    Equals(field="properties.device", to="web"),
                    OneOf(field="item", values=("a", "b")),
                    Compare(field="value", order=">=", to=1.5),
                    Exists(field="properties.coupon", present=False),
                ),
            ),
            "window": WEEK,
            "winsorise": 0.99,
            "format": "money",
            "currency": "EUR",
        }
    )

    again = msgspec.json.decode(msgspec.json.encode(metric), type=Metric)

    assert again == metric
    assert again.fingerprint == metric.fingerprint


BOUGHT = {"source": "events", "type": "buy"}


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"winsorize": 0.9}, "`winsorize`"),
        ({"numerator": {"source": "clicks", "type": "buy"}}, "`type` - at `$.numerator`"),
        ({"window": {"until_days": 7, "from": 1}}, "`from` - at `$.window`"),
        (
            {"numerator": BOUGHT | {"where": [{"type": "exists", "field": "item", "to": 1}]}},
            "`to` - at `$.numerator.where[0]`",
        ),
    ],
)
def test_a_field_that_is_not_known_is_refused_and_never_passed_over(
    change: dict[str, Any], unknown: str
) -> None:
    fields = {"key": "x", "name": "x", "kind": "mean", "numerator": BOUGHT}
    msgspec.convert(fields, Metric)

    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert(fields | change, Metric)

    assert str(refusal.value) == f"Object contains unknown field {unknown}"


@pytest.mark.parametrize(
    "change",
    [
        {"numerator": Events(type="click")},
        {"kind": "proportion"},
        {"window": WEEK},
        {"winsorise": 0.99},
        {"direction": "decrease"},
        {"minimum_users": 500},
    ],
)
def test_the_fingerprint_changes_with_what_is_counted_and_judged(change: dict[str, Any]) -> None:
    assert Metric(**(FIELDS | change)).fingerprint != Metric(**FIELDS).fingerprint


@pytest.mark.parametrize(
    "change",
    [{"name": "Value"}, {"description": "All of it."}, {"format": "money", "currency": "EUR"}],
)
def test_and_not_with_how_it_is_named_or_written(change: dict[str, Any]) -> None:
    assert Metric(**(FIELDS | change)).fingerprint == Metric(**FIELDS).fingerprint


def test_guardrails_and_retention_take_parameters() -> None:
    assert slow_slates(350).numerator == Slates(slower_than_ms=350)
    assert slow_slates(350).fingerprint != METRICS["slow_slates"].fingerprint
    day = retention(1, event="view")
    assert (day.key, day.numerator) == ("retention_day_1", Events(type="view"))
    assert day.window == Window(from_days=1, until_days=2)
