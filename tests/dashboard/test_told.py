"""What the audit trail keeps, and a condition on attributes, as people read them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.test import Client

from dashboard.formats import DASH
from dashboard.reading.conditions import condition_words
from dashboard.reading.told import in_words
from dashboard.reading.trail import changes
from experiments.metrics import METRICS
from experiments.models import Experiment
from experiments.moves import change_traffic
from tests.acting import TESTER
from tests.dashboard.factories import AS_OF
from tests.dashboard.test_experiment_pages import text


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({}, "any attributes"),
        ({"country": "NL"}, "country is “NL”"),
        ({"age": 18, "member": True}, "age is 18, and member is true"),
        ({"country": {"$in": ["NL"]}}, "country is “NL”"),
        ({"country": {"$in": ["NL", "BE", "DE"]}}, "country is “NL”, “BE” or “DE”"),
        ({"country": {"$nin": ["NL", "BE"]}}, "country is not “NL” or “BE”"),
        (
            {"n": {"$in": list(range(14))}},
            "n is 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 or 2 others",
        ),
        ({"age": {"$gte": 18, "$lt": 65}}, "age is at least 18 and is below 65"),
        ({"age": {"$gt": 1.5, "$lte": 2}}, "age is above 1.5 and is at most 2"),
        ({"plan": {"$ne": "free"}}, "plan is not “free”"),
        ({"plan": {"$exists": True}}, "plan is there"),
        ({"plan": {"$exists": False}}, "plan is not there"),
        ({"mail": {"$regex": "@shop$"}}, "mail matches the pattern “@shop$”"),
        ({"tags": {"$size": 2}}, "tags has a number of entries that is 2"),
        ({"tags": {"$size": {"$gt": 2}}}, "tags has a number of entries that is above 2"),
        (
            {"tags": {"$all": ["a", {"$gt": 3}]}},
            "tags has for each of these an entry that fits: is “a”; is above 3",
        ),
        ({"age": {"$not": {"$lt": 18}}}, "age does not meet: is below 18"),
        ({"home": {"city": "Gent"}}, 'home is {"city": "Gent"}'),
        (
            {"$or": [{"country": "NL"}, {"age": 3, "plan": "pro"}]},
            "country is “NL” or (age is 3, and plan is “pro”)",
        ),
        ({"$and": [{"a": 1}, {"$or": [{"b": 2}, {"b": 3}]}]}, "a is 1, and (b is 2 or b is 3)"),
        ({"$nor": [{"a": 1}, {"b": 2}]}, "none of these: a is 1; b is 2"),
        (
            {"country": "NL", "$not": {"tags": "staff"}},
            "country is “NL”, and not (tags is “staff”)",
        ),
    ],
)
def test_a_condition_reads_as_a_sentence(condition: dict[str, Any], said: str) -> None:
    assert condition_words(condition) == said


ARM = {"key": "popular", "recommender": "popular", "weight": "0.5000"}
STEPS = [{"share": "0.1", "hours": 24.0, "users": 1000}, {"share": "0.5", "hours": 0.0, "users": 0}]


@pytest.mark.parametrize(
    ("field", "kept", "said"),
    [
        (
            "variants",
            [ARM, {"key": "new", "recommender": "item-knn", "weight": "0.3333"}],
            "popular 50%, new (of item-knn) 33.33%",
        ),
        ("traffic", "0.8000", "80%"),
        ("slots", [[0, 8000]], "buckets 0 to 7,999"),
        ("slots", [[0, 100], [9000, 10000]], "buckets 0 to 99, 9,000 to 9,999"),
        ("slots", [[0, 4000], [4000, 8000]], "buckets 0 to 7,999"),
        ("slots", [], DASH),
        (
            "ranges",
            {"popular": [[0, 4000]], "new": []},
            "popular: buckets 0 to 3,999; new: no buckets",
        ),
        (
            "layers",
            [{"layer": "home", "share": "0.4000", "slots": [[0, 4000]]}],
            "home 40%, buckets 0 to 3,999",
        ),
        ("condition", {"country": "NL"}, "country is “NL”"),
        (
            "ramp",
            {"steps": STEPS, "state": "rolled_back", "at": 1, "since": None, "why": "Unhealthy."},
            "10% for 24 hours and 1,000 users, then 50%; rolled back, step 2. Unhealthy.",
        ),
        ("goals", ["ctr", "own_metric"], "CTR, own_metric"),
        ("guardrails", [{"metric": "ctr", "margin": 0.02}], "CTR with a margin of 2%"),
        ("confidence", 0.95, "95%"),
        ("method", "fixed", "Fixed horizon: judged once, at the planned users"),
        ("training_data", "frozen", "Frozen while it runs"),
        ("ends_at", "2026-11-24T12:30:00+00:00", "24 Nov 2026, 12:30 UTC"),
        ("ends_at", None, DASH),
        ("phase", 2, "2"),
        ("rows", 80000, "80,000"),
        ("l2", 0.001, "0.001"),
        ("killed", ["b", "c"], "b, c"),
        ("columns", {"user": "uid", "item": "iid"}, "user: uid, item: iid"),
        ("without_login", False, "no"),
    ],
)
def test_what_is_kept_reads_as_words(field: str, kept: Any, said: str) -> None:
    assert in_words(field, kept) == said


def test_a_measurement_is_told_field_by_field() -> None:
    was = {"measurement": {"goals": ["ctr"], "planned_users": 5000, "correction": "holm"}}
    now = {"measurement": {"goals": ["conversion"], "planned_users": 9000, "correction": "holm"}}

    assert [(one.field, one.before, one.after) for one in changes(was, now)] == [
        ("goals", "CTR", "Conversion"),
        ("planned users", "5,000", "9,000"),
    ]


def test_a_definition_is_told_by_what_it_counts() -> None:
    was = METRICS["clicked"]
    now = msgspec.structs.replace(was, direction="decrease", minimum_users=500)
    kept = [{"definition": msgspec.to_builtins(each)} for each in (was, now)]

    assert [(one.field, one.after) for one in changes(*kept)] == [
        ("counts", "The share of users with any clicks, from first exposure on. Less is better."),
        ("minimum users", "500"),
    ]
    assert changes({"definition": {"kind": "median"}}, {"definition": {"kind": "mode"}})[0].before


def test_the_history_of_an_experiment_holds_no_json(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment(traffic="0.4")
    change_traffic(experiment, traffic=Decimal("0.8"), now=AS_OF, actor=TESTER)

    page = text(browser, f"{experiment.get_absolute_url()}history/")

    assert "traffic 40% 80%" in page
    assert "layer part buckets 0 to 3,999 buckets 0 to 7,999" in page
    assert "[[" not in page
    assert "{&quot;" not in page


def test_who_takes_part_is_said_in_words_and_kept_behind_a_fold(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment()
    Experiment.objects.update(condition={"country": {"$in": ["NL", "BE"]}})

    for tab in ("settings", "traffic"):
        page = browser.get(f"{experiment.get_absolute_url()}{tab}/").content.decode()
        assert "Only users of whom country is “NL” or “BE”" in page
        shown, _, folded = page.partition('<details id="condition-json">')
        assert "$in" not in shown
        assert ("$in" in folded) == (tab == "settings")
