"""Rules for bots and staff as rows: what holds, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from experiments import exclusions
from experiments.exceptions import Invalid
from experiments.metrics.exclusions import (
    AttributeIs,
    EventsPerDay,
    Limit,
    SlatesPerDay,
    UserList,
    fingerprint,
)
from experiments.models import ExclusionRule
from experiments.selectors import scorecard_spec
from people import trail
from people.actors import Actor
from tests.acting import start_experiment
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db


DEFAULTS = (SlatesPerDay(limit=1000), EventsPerDay(limit=2000))


def test_at_first_the_limits_of_a_day_hold() -> None:
    assert exclusions.in_force() == DEFAULTS


def test_rules_hold_in_the_order_made_and_the_limits_last() -> None:
    exclusions.set_limit(SlatesPerDay(limit=500), now=NOW)
    exclusions.leave_out_users("office", ["ada", " ben ", "ada", ""], now=NOW)
    exclusions.leave_out_attribute("staff", "true", now=NOW)
    exclusions.set_limit(SlatesPerDay(limit=300), now=NOW)
    exclusions.set_limit(EventsPerDay(limit=700), now=NOW)

    assert exclusions.in_force() == (
        UserList(name="office", users=("ada", "ben")),
        AttributeIs(attribute="staff", value="true"),
        SlatesPerDay(limit=300),
        EventsPerDay(limit=700),
    )
    assert ExclusionRule.objects.count() == 4


def test_a_removed_rule_holds_no_longer() -> None:
    row = exclusions.leave_out_users("office", ["ada"], now=NOW)

    exclusions.remove(row, now=NOW)

    assert exclusions.in_force() == DEFAULTS


def test_an_analysis_goes_by_the_rules_that_hold(fresh_process: object, tmp_path: Any) -> None:
    experiment = start_experiment(home_experiment(tmp_path), now=NOW)
    exclusions.leave_out_attribute("staff", "true", now=NOW)

    spec = scorecard_spec(experiment, as_of=NOW + timedelta(hours=1))

    assert spec.exclusions == exclusions.in_force()


def test_an_erased_user_goes_from_every_list_and_the_rules_are_the_same_rules() -> None:
    exclusions.leave_out_users("office", ["ada", "ben"], now=NOW)
    exclusions.leave_out_users("testers", ["ben"], now=NOW)
    exclusions.leave_out_users("partners", ["eve"], now=NOW)
    before = [fingerprint(rule) for rule in exclusions.in_force()]

    assert exclusions.lists_with("ben") == ["office", "testers"]
    exclusions.forget("ben")
    exclusions.forget("ada")
    exclusions.forget("nobody")

    users = [rule.users for rule in exclusions.in_force() if isinstance(rule, UserList)]
    assert users == [(), (), ("eve",)]
    assert [fingerprint(rule) for rule in exclusions.in_force()] == before
    assert exclusions.lists_with("ben") == []
    with pytest.raises(Invalid, match="such a rule already"):
        exclusions.leave_out_users("office", ["ben"], now=NOW)


def test_the_fingerprint_of_a_list_goes_by_its_name_and_users() -> None:
    office = UserList(name="office", users=("ada", "ben"))

    assert fingerprint(office) == "29db6400b6494dd1"
    assert fingerprint(office) != fingerprint(UserList(name="office", users=("ada",)))


@pytest.mark.parametrize("limit", [0, -1, 1_000_001])
@pytest.mark.parametrize(("rule", "unit"), [(SlatesPerDay, "slates"), (EventsPerDay, "events")])
def test_a_limit_is_at_least_one(rule: type[Limit], unit: str, limit: int) -> None:
    with pytest.raises(Invalid, match=f"1 to 1,000,000 {unit} a day") as caught:
        exclusions.set_limit(rule(limit=limit), now=NOW)

    assert caught.value.field == "limit"
    assert exclusions.limits() == DEFAULTS


@pytest.mark.parametrize(
    ("name", "users", "field"),
    [
        ("", ["ada"], "name"),
        ("x" * 65, ["ada"], "name"),
        ("office", [" "], "users"),
        ("office", ["x" * 257], "users"),
        ("office", ["a\0"], "users"),
        ("off\0ice", ["ada"], "name"),
        ("office", [str(n) for n in range(10_001)], "users"),
    ],
)
def test_a_list_that_cannot_be_is_refused(name: str, users: list[str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        exclusions.leave_out_users(name, users, now=NOW)

    assert caught.value.field == field
    assert not ExclusionRule.objects.exists()


@pytest.mark.parametrize(
    ("attribute", "value", "field"), [("", "true", "attribute"), ("staff", " ", "value")]
)
def test_an_attribute_needs_both_parts(attribute: str, value: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        exclusions.leave_out_attribute(attribute, value, now=NOW)

    assert caught.value.field == field


def test_a_rule_is_there_once() -> None:
    exclusions.leave_out_users("office", ["ada"], now=NOW)

    with pytest.raises(Invalid, match="such a rule already"):
        exclusions.leave_out_users("office", ["ben"], now=NOW)

    assert ExclusionRule.objects.count() == 1


def test_there_are_at_most_twenty_rules() -> None:
    for n in range(20):
        exclusions.leave_out_attribute("staff", str(n), now=NOW)

    with pytest.raises(Invalid, match="20 rules already"):
        exclusions.leave_out_attribute("staff", "20", now=NOW)


def test_each_change_is_told_and_whom_a_list_holds_is_not() -> None:
    ada = Actor("ada")
    exclusions.set_limit(SlatesPerDay(limit=500), now=NOW, actor=ada)
    row = exclusions.leave_out_users("office", ["u-17", "u-18"], now=NOW, actor=ada)
    exclusions.leave_out_attribute("staff", "true", now=NOW, actor=ada)
    exclusions.remove(row, now=NOW, actor=ada)

    office = {"leaves out": "on the list “office”", "users": 2}
    staff = {"leaves out": "staff is “true”"}
    told = [(e.by, e.verb, e.key, e.before, e.after) for e in trail.entries(kind="rule")]
    assert told == [
        ("ada", "remove", "office", office, None),
        ("ada", "add", "staff is “true”", None, staff),
        ("ada", "add", "office", None, office),
        ("ada", "set", "slates a day", {"limit": 1000}, {"limit": 500}),
    ]


def test_a_rule_that_is_refused_is_not_told() -> None:
    with pytest.raises(Invalid):
        exclusions.set_limit(SlatesPerDay(limit=0), now=NOW)
    with pytest.raises(Invalid):
        exclusions.leave_out_users("office", [], now=NOW)
    assert not trail.entries().exists()
