"""Bots and staff: marked when the log is read, counted under one rule, left out of every arm."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from experiments.metrics import ScorecardSpec, decode, encode, scorecard
from experiments.metrics.analysis import Analysis
from experiments.metrics.exclusions import (
    DEFAULT,
    DONE,
    AttributeIs,
    EventsPerDay,
    Exclusion,
    SlatesPerDay,
    UserList,
    fingerprint,
)
from experiments.metrics.health import users_left_out
from experiments.metrics.results import JudgedLook, Scorecard

MakeSpec = Callable[..., ScorecardSpec]

NOON = 12 * 3600  # the toy log starts at noon: midnight is this many seconds away


def marked(log: Any, spec: ScorecardSpec) -> dict[str, int]:
    """The rule that leaves each user out, as found with and without a chart over time."""
    with ExitStack() as stack:
        found = []
        for series in (True, False):
            spec = replace(spec, series=series)
            analysis = Analysis(log.exposures, log.events, spec, stack)
            rows = analysis.left_out.join(analysis.everyone, "uid").to_pyarrow().to_pylist()
            found.append({row["user"]: row["rule"] for row in rows})
    assert found[0] == found[1]
    return found[0]


def serve_many(log: Any, user: str, times: int, *, at: float = 0, **changes: object) -> None:
    for _ in range(times):
        log.serve(user, "A", "ab", at=at, **changes)


def test_the_defaults_take_what_nobody_does_in_a_day_for_a_bots() -> None:
    assert list(DEFAULT) == [SlatesPerDay(limit=1000), EventsPerDay(limit=2000)]
    assert [rule.words for rule in DEFAULT] == [
        "more than 1,000 slates a day",
        "more than 2,000 events a day",
    ]


def test_more_slates_than_the_limit_on_one_day_mark_a_user(log: Any, make_spec: MakeSpec) -> None:
    serve_many(log, "person", 3)
    serve_many(log, "bot", 4)

    assert marked(log, make_spec(exclusions=(SlatesPerDay(limit=3),))) == {"bot": 0}


def test_a_list_that_lost_its_last_user_marks_nobody(log: Any, make_spec: MakeSpec) -> None:
    serve_many(log, "person", 1)

    assert marked(log, make_spec(exclusions=(UserList(name="office", users=()),))) == {}


def test_slates_of_two_days_of_utc_do_not_add(log: Any, make_spec: MakeSpec) -> None:
    spec = make_spec(
        as_of=make_spec().started_at + timedelta(days=2), exclusions=(SlatesPerDay(limit=3),)
    )
    serve_many(log, "person", 3, at=NOON - 1)
    serve_many(log, "person", 3, at=NOON)

    assert marked(log, spec) == {}


def test_slates_of_other_placements_count_towards_the_rate(log: Any, make_spec: MakeSpec) -> None:
    serve_many(log, "bot", 1)
    serve_many(log, "bot", 3, experiment="cart-ctr")

    assert marked(log, make_spec(exclusions=(SlatesPerDay(limit=3),))) == {"bot": 0}


def test_what_comes_after_as_of_marks_nobody(log: Any, make_spec: MakeSpec) -> None:
    serve_many(log, "person", 3)
    serve_many(log, "person", 3, at=601)

    assert marked(log, make_spec(exclusions=(SlatesPerDay(limit=3),))) == {}


def do_many(log: Any, user: str, times: int, *, at: float = 1, **changes: object) -> None:
    for _ in range(times):
        log.click(user, None, "a", at=at, **changes)


def test_more_events_than_the_limit_on_one_day_mark_a_user(log: Any, make_spec: MakeSpec) -> None:
    for user in ("person", "bot", "two days"):
        serve_many(log, user, 1)
    do_many(log, "person", 3)
    do_many(log, "bot", 4)
    do_many(log, "two days", 3, at=NOON - 1)
    do_many(log, "two days", 3, at=NOON)
    spec = make_spec(
        as_of=make_spec().started_at + timedelta(days=2), exclusions=(EventsPerDay(limit=3),)
    )

    assert marked(log, spec) == {"bot": 0}


def test_what_a_page_sends_by_itself_counts_for_no_limit_of_events(
    log: Any, make_spec: MakeSpec
) -> None:
    for user in ("reader", "bot"):
        serve_many(log, user, 1)
    do_many(log, "reader", 50, type="impression")
    do_many(log, "reader", 50, type="video_progress")
    for type_ in DONE:
        do_many(log, "bot", 1, type=type_)

    assert marked(log, make_spec(exclusions=(EventsPerDay(limit=4),))) == {"bot": 0}


def test_events_before_the_day_of_the_phase_or_after_as_of_mark_nobody(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_many(log, "person", 1)
    do_many(log, "person", 4, at=-NOON - 1)
    do_many(log, "person", 4, at=601)

    assert marked(log, make_spec(exclusions=(EventsPerDay(limit=3),))) == {}


def test_a_list_and_an_attribute_mark_users(log: Any, make_spec: MakeSpec) -> None:
    log.serve("ada", "A", "ab")
    log.serve("ben", "A", "ab", attributes=[("staff", "true")])
    log.serve("cas", "B", "ab", attributes=[("staff", "false")])
    log.serve("dot", "B", "ab", attributes=[])

    rules = (
        UserList(name="office", users=("ada", "nobody")),
        AttributeIs(attribute="staff", value="true"),
    )
    assert marked(log, make_spec(exclusions=rules)) == {"ada": 0, "ben": 1}


@pytest.mark.parametrize(
    ("value", "users"),
    [
        ("true", {"ada", "ben"}),
        ("True", {"ada", "ben"}),
        ("false", {"cas"}),
        ("False", {"cas"}),
        ("TRUE", {"dot"}),
    ],
)
def test_true_and_false_are_matched_as_json_and_as_python_write_them(
    log: Any, make_spec: MakeSpec, value: str, users: set[str]
) -> None:
    for user, logged in (("ada", "true"), ("ben", "True"), ("cas", "False"), ("dot", "TRUE")):
        log.serve(user, "A", "ab", attributes=[("staff", logged)])

    rule = AttributeIs(attribute="staff", value=value)
    assert marked(log, make_spec(exclusions=(rule,))) == dict.fromkeys(users, 0)


def test_a_user_counts_under_the_first_rule_that_applies(log: Any, make_spec: MakeSpec) -> None:
    serve_many(log, "ada", 5, attributes=[("staff", "true")])
    staff, rate = AttributeIs(attribute="staff", value="true"), SlatesPerDay(limit=3)

    assert marked(log, make_spec(exclusions=(staff, rate))) == {"ada": 0}
    assert marked(log, make_spec(exclusions=(rate, staff))) == {"ada": 0}


def test_without_rules_nobody_is_marked(log: Any, make_spec: MakeSpec) -> None:
    serve_many(log, "ada", 5)

    assert marked(log, make_spec(exclusions=())) == {}


def shop(log: Any, bots: int) -> None:
    """150 people and `bots` bots in each arm; all people click once, a bot on everything."""
    for variant in ("A", "B"):
        for i in range(150):
            log.click(f"{variant}{i}", log.serve(f"{variant}{i}", variant, "abcd"), "a")
        for i in range(bots):
            for _ in range(6):
                log.click(f"bot{variant}{i}", log.serve(f"bot{variant}{i}", variant, "abcd"), "a")


def card(log: Any, spec: ScorecardSpec, previous: Scorecard | None = None) -> Scorecard:
    return scorecard(log.exposures, log.events, spec, previous=previous)


def test_the_scorecard_counts_as_if_they_were_not_there_and_says_so(
    new_log: Callable[[], Any], make_spec: MakeSpec
) -> None:
    rules: tuple[Exclusion, ...] = (
        UserList(name="office", users=("A0",)),
        SlatesPerDay(limit=5),
    )
    with_bots, without = new_log(), new_log()
    shop(with_bots, bots=7)
    shop(without, bots=0)

    found = card(with_bots, make_spec(exclusions=rules))

    clean = card(without, make_spec(exclusions=rules))
    assert found.metrics == clean.metrics
    assert found.arms == clean.arms
    assert [arm.users for arm in found.arms] == [149, 150]
    assert [(left.rule, left.users) for left in found.set_aside.left_out] == [
        ("on the list “office”", 1),
        ("more than 5 slates a day", 14),
    ]
    check = found.health[2]
    assert (check.name, check.healthy) == ("users_left_out", True)
    assert [figure.observed for figure in check.figures] == [8, 7]
    assert check.detail == (
        "15 of 314 users were taken for bots or staff by a rule, alike in all arms; "
        "they are left out."
    )
    assert decode(encode(found)) == found


def test_bots_of_one_arm_only_make_the_comparison_unhealthy(make_spec: MakeSpec) -> None:
    found = users_left_out(make_spec(), [[1000, 1000]], [[30, 0]])

    assert (found.name, found.healthy) == ("users_left_out", False)
    assert found.detail.endswith("and not alike in all arms: leaving them out would bias the arms.")


def test_a_bot_that_crossed_arms_is_only_a_bot(log: Any, make_spec: MakeSpec) -> None:
    serve_many(log, "bot", 4)
    log.serve("bot", "B", "ab")

    found = card(log, make_spec(exclusions=(SlatesPerDay(limit=3),)))

    assert found.set_aside.users_in_two_variants == 0
    assert found.set_aside.left_out[0].users == 1


def test_another_rule_is_another_analysis_and_no_earlier_look_counts(
    log: Any, make_spec: MakeSpec
) -> None:
    shop(log, bots=0)
    earlier = JudgedLook(p_value=1e-9, effect=0.5)
    look = card(log, make_spec())
    before = replace(
        look,
        metrics=tuple(
            replace(m, comparisons=tuple(replace(c, judged=earlier) for c in m.comparisons))
            for m in look.metrics
        ),
    )

    same = card(log, make_spec(), previous=before)
    other = card(log, make_spec(exclusions=(SlatesPerDay(limit=999),)), previous=before)

    assert same.metric("ctr").comparisons[0].judged == earlier
    assert other.metric("ctr").comparisons[0].judged != earlier


def test_a_fingerprint_tells_rules_apart_and_a_list_by_its_users() -> None:
    rules: list[Exclusion] = [
        SlatesPerDay(limit=1),
        SlatesPerDay(limit=2),
        EventsPerDay(limit=1),
        UserList(name="x", users=("a",)),
        UserList(name="x", users=("a", "b")),
        AttributeIs(attribute="x", value="a"),
    ]

    assert len({fingerprint(rule) for rule in rules}) == len(rules)
    assert fingerprint(SlatesPerDay(limit=1)) == fingerprint(SlatesPerDay(limit=1))


def test_a_rule_that_marks_more_than_it_did_is_another_rule() -> None:
    def as_it_was(rule: AttributeIs) -> str:
        return hashlib.sha256(msgspec.json.encode(rule)).hexdigest()[:16]

    staff, country = (
        AttributeIs(attribute="a", value="True"),
        AttributeIs(attribute="a", value="NL"),
    )
    assert fingerprint(staff) != as_it_was(staff)
    assert fingerprint(country) == as_it_was(country)


def test_a_scorecard_from_before_there_were_rules_can_be_read(
    log: Any, make_spec: MakeSpec
) -> None:
    stored = msgspec.to_builtins(card(log, make_spec()))
    del stored["set_aside"]["left_out"]

    assert msgspec.convert(stored, Scorecard).set_aside.left_out == ()


@pytest.mark.parametrize(
    "rule", [SlatesPerDay(limit=7), EventsPerDay(limit=7), UserList(name="x", users=("a",))]
)
def test_a_rule_survives_json(rule: Exclusion) -> None:
    assert msgspec.json.decode(msgspec.json.encode(rule), type=Exclusion) == rule
