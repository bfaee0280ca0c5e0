"""What a metric would have counted lately, over everyone who was served."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from experiments.metrics import Metric
from experiments.metrics.exclusions import UserList
from experiments.metrics.filters import Compare, Equals, Exists, OneOf
from experiments.metrics.measures import Clicks, Events, Items, Slates, Window
from experiments.metrics.previewing import Preview, preview
from experiments.metrics.wording import sentence
from tests.experiments.metrics.conftest import START

DAY = 86_400
SPENT = Metric(
    key="spent",
    name="Spent",
    kind="mean",
    numerator=Events(type="purchase", aggregation="sum"),
)
SERVED: list[tuple[str | None, dict[str, Any]]] = [
    ("A", {}),
    ("Z", {"experiment": "other", "phase": 4}),
    (None, {"experiment": None, "phase": None, "reason": "no_experiment"}),
    ("A", {"reason": "override"}),
]


def of(log: Any, metric: Metric, *, days: float = 3, **changes: Any) -> Preview:
    until = START + timedelta(days=days)
    return preview(log.exposures, log.events, metric, since=START, until=until, **changes)


@pytest.fixture
def shop(log: Any) -> Any:
    """Ten people, served by two experiments, by none and by force; three buy for 10, 20 and 60."""
    for n in range(10):
        variant, where = SERVED[n % 4]
        log.serve(f"u{n}", variant, "abcd", at=n, **where)
    for n, value in enumerate((10.0, 20.0, 60.0)):
        log.event("purchase", f"u{n}", at=100, value=value)
    return log


def test_everyone_who_was_served_counts_whatever_served_them(shop: Any) -> None:
    found = of(shop, SPENT)

    assert (found.value.users, found.value.value, found.immature) == (10, 9.0, 0)
    assert (found.with_any.users, found.with_any.value) == (10, 0.3)
    assert [part.value for part in found.per_user] == [9.0]


def test_of_a_ratio_both_sums_are_told(shop: Any) -> None:
    request = shop.serve("u0", "A", "xy", at=50)
    shop.click("u0", request, "x", at=60)

    found = of(
        shop, Metric(key="c", name="C", kind="ratio", numerator=Clicks(), denominator=Items())
    )

    assert found.value.value == 1 / 42
    assert [part.value for part in found.per_user] == [0.1, 4.2]
    assert found.with_any.value == 0.1


def test_who_was_served_too_lately_for_the_window_is_immature(shop: Any) -> None:
    shop.serve("late", "A", "abcd", at=2.5 * DAY)

    found = of(shop, Metric(**_fields(SPENT) | {"window": Window(until_days=1)}))

    assert (found.value.users, found.immature, found.value.value) == (10, 1, 9.0)


def test_what_was_before_the_days_looked_at_counts_nowhere(shop: Any) -> None:
    shop.serve("old", "A", "abcd", at=-DAY)
    shop.event("purchase", "u5", at=-DAY, value=500.0)

    assert of(shop, SPENT).value.value == 9.0
    assert of(shop, SPENT).value.users == 10


def test_bots_and_staff_are_left_out(shop: Any) -> None:
    found = of(shop, SPENT, exclusions=(UserList(name="staff", users=("u2",)),))

    assert (found.value.users, found.value.value) == (9, 30 / 9)


def test_a_cap_shows_in_the_means(shop: Any) -> None:
    found = of(shop, Metric(**_fields(SPENT) | {"winsorise": 0.9}))

    assert [part.value for part in found.per_user] == [5.0]
    assert found.value.value == 5.0
    assert found.with_any.value == 0.3


def test_an_empty_log_has_nobody_and_no_number(log: Any) -> None:
    found = of(log, SPENT)

    assert (found.value.users, found.value.value, found.immature) == (0, None, 0)
    assert found.value.reason == "too_few_users"


def _fields(metric: Metric) -> dict[str, Any]:
    return {name: getattr(metric, name) for name in metric.__struct_fields__}


WHERE = (
    Equals(field="properties.channel", to="3"),
    Compare(field="value", order=">=", to=5),
    OneOf(field="item", values=("a", "b")),
    Exists(field="properties.coupon", present=False),
)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"kind": "mean", "numerator": Events(type="purchase", aggregation="sum")},
            "The sum of purchase values per user, from first exposure on. More is better.",
        ),
        (
            {
                "kind": "proportion",
                "numerator": Events(type="rating", where=WHERE),
                "window": Window(until_days=7),
                "direction": "decrease",
            },
            'The share of users with any rating events where channel is "3" and value is at least '
            '5 and item is "a" or "b" and coupon is not there, in the first 7 days after first '
            "exposure. Less is better.",
        ),
        (
            {
                "kind": "ratio",
                "numerator": Slates(slower_than_ms=350),
                "denominator": Slates(),
                "winsorise": 0.995,
                "window": Window(until_days=1),
                "direction": "decrease",
            },
            "The number of slates over 350 ms divided by the number of slates, each over all "
            "users, in the first day after first exposure. Users' totals are cut off at "
            "percentile 99.5. Less is better.",
        ),
        (
            {
                "kind": "ratio",
                "numerator": Events(type="purchase", aggregation="sum"),
                "denominator": Events(type=None, aggregation="items"),
            },
            "The sum of purchase values divided by the number of all items, each over all users, "
            "from first exposure on. More is better.",
        ),
        (
            {
                "kind": "retention",
                "numerator": Slates(),
                "window": Window(from_days=7, until_days=8.5),
            },
            "The share of users who came back: with any slates, from 7 to 8.5 days after first "
            "exposure. More is better.",
        ),
    ],
)
def test_a_definition_is_said_in_one_sentence(fields: dict[str, Any], said: str) -> None:
    assert sentence(Metric(key="m", name="M", **fields)) == said
