"""Experiments before they start: made, read, made otherwise, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.models import Experiment
from people import trail
from tests.acting import start_experiment
from tests.api.management.conftest import Caller, Draft, assert_refused, everything
from tests.installation import NOW

HALVES = [
    {"recommender": "popular", "weight": 0.5},
    {"recommender": "item-knn", "weight": 0.5},
]
NEW: dict[str, Any] = {
    "name": "Home CTR",
    "placement": "home",
    "variants": HALVES,
    "measurement": {"goals": ["ctr"]},
}


def test_a_draft_is_made_of_what_is_given_and_answered_with_its_address(
    admin: Caller, draft: Draft
) -> None:
    given = {
        "key": "ctr-1",
        "hypothesis": "Neighbours know better.",
        "traffic": 0.4,
        "layers": [],
        "condition": {"country": "NL"},
        "measurement": {"goals": ["ctr"], "guardrails": [{"metric": "slow_slates"}]},
        "starts_at": "2100-01-01T00:00:00+01:00",
    }

    answer = admin.post("experiments", NEW | given)

    body = answer.json()
    assert answer.status_code == 201, body
    assert answer["Location"] == "/api/v1/experiments/ctr-1"
    assert admin.get("experiments/ctr-1").json() == body
    assert {name: body[name] for name in ("key", "status", "traffic", "condition")} == {
        "key": "ctr-1",
        "status": "draft",
        "traffic": 0.4,
        "condition": {"country": "NL"},
    }
    assert body["variants"] == [
        {"key": "popular", "recommender": "popular", "weight": 0.5, "killed": False},
        {"key": "item-knn", "recommender": "item-knn", "weight": 0.5, "killed": False},
    ]
    assert body["measurement"]["guardrails"] == [{"metric": "slow_slates", "margin": 0.05}]
    assert (body["starts_at"], body["moves"]) == ("2099-12-31T23:00:00Z", ["start", "archive"])
    entry = trail.entries(kind="experiment").get()
    assert (entry.by, entry.verb, entry.key) == ("key admin", "create", "ctr-1")


REFUSED = [
    (
        {"variants": HALVES[:1]},
        400,
        "/variants",
        "An experiment compares 2 to 6 variants; this one has 1.",
    ),
    (  # before any of them is looked up
        {"variants": [{"recommender": "none", "weight": 0.1}] * 7},
        400,
        "/variants",
        "variants must have at most 6 entries.",
    ),
    (
        {"variants": [HALVES[0], {"recommender": "item-knn", "weight": 1.5}]},
        400,
        "/variants/1/weight",
        "variants[1].weight must be above 0 and at most 1.",
    ),
    (
        {"variants": [{"recommender": "popular", "weight": -0.1}, HALVES[1]]},
        400,
        "/variants/0/weight",
        "variants[0].weight must be above 0 and at most 1.",
    ),
    (
        {"variants": [HALVES[0], {"recommender": "item-knn", "weight": 0.50001}]},
        400,
        "/variants/1/weight",
        "Give a weight in steps of 0.01%: that is one bucket.",
    ),
    (
        {"variants": [HALVES[0], {"recommender": "item-knn", "weight": 0.4}]},
        400,
        "/variants",
        "The weights sum to 90.00%. Change them so that they sum to 100%.",
    ),
    (
        {"variants": [HALVES[0], {"recommender": "item-knn", "weight": 0.5, "ranges": [[0, 9]]}]},
        400,
        "/variants/1/ranges",
        "ranges is not a field of variants[1]; it takes recommender, weight, key.",
    ),
    (
        {"variants": [{"key": "a"} | HALVES[0], {"key": "a"} | HALVES[1]]},
        400,
        "/variants/1/key",
        "Two variants have the key “a”. Give each its own.",
    ),
    (
        {"variants": [HALVES[0], {"recommender": "none", "weight": 0.5}]},
        400,
        "/variants/1/recommender",
        "There is no recommender “none”. GET /api/v1/recommenders lists those there are.",
    ),
    (
        {"placement": "nowhere"},
        400,
        "/placement",
        "There is no placement “nowhere”. GET /api/v1/placements lists those there are.",
    ),
    (
        {"condition": {"$or": [{"country": {"$foo": 1}}]}},
        400,
        "/condition/$or/0/country/$foo",
        "There is no operator $foo. Allowed here: $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, "
        "$exists, $regex, $size, $all, $not.",
    ),
    (
        {"measurement": {"goals": ["ctr", "none"]}},
        400,
        "/measurement/goals/1",
        None,
    ),
    (
        {"measurement": {"goals": ["ctr", "ctr"]}},
        400,
        "/measurement/goals/1",
        "ctr: a metric is a goal, a secondary or a guardrail, and only once.",
    ),
    (
        {"measurement": {"goals": ["ctr"], "guardrails": [{"metric": "clicked", "margin": 1}]}},
        400,
        "/measurement/guardrails/0/margin",
        "Give a margin above 0% and below 100%.",
    ),
    (
        {"measurement": {"goals": ["ctr"], "guardrails": [{"metric": "none"}]}},
        400,
        "/measurement/guardrails/0/metric",
        None,
    ),
    (
        {"measurement": {"goals": ["ctr"], "planed_users": 5}},
        400,
        "/measurement/planed_users",
        "planed_users is not a field of measurement; it takes goals, secondaries, guardrails, "
        "method, confidence, planned_users, correction, lookback_days, cuped, segments, "
        "training_data.",
    ),
    ({"traffic": 0}, 400, "/traffic", "traffic must be 0.01 to 1."),
    (
        {"layers": [{"layer": "home"}]},
        400,
        "/layers/0/layer",
        "home is among its layers already; a placement's own is so by itself.",
    ),
    (
        {"ramp": {"steps": [{"share": 0.5}, {"share": 0.1}]}},
        400,
        "/ramp/steps/1/share",
        "Give a larger share than the step before.",
    ),
    (
        {"starts_at": "2001-01-01T00:00:00Z"},
        400,
        "/starts_at",
        "Give a start that is still to come, or start it yourself.",
    ),
    (
        {"starts_at": "2100-01-01T00:00:00"},
        400,
        "/starts_at",
        "starts_at must be a time in ISO 8601 with a time zone, such as 2026-11-24T12:00:00Z or "
        "null.",
    ),
    (
        {"starts_at": "tomorrow"},
        400,
        "/starts_at",
        "starts_at must be a time in ISO 8601 with a time zone, such as 2026-11-24T12:00:00Z or "
        "null.",
    ),
    (
        {"measurement": {"goals": ["ctr"], "method": "best"}},
        400,
        "/measurement/method",
        "measurement.method must be one of bayesian, fixed, sequential.",
    ),
    (
        {"ends_at": "9999-12-31T23:59:59-23:59"},
        400,
        "/ends_at",
        "Give a time of the years 1 to 9999 in UTC.",
    ),
    (
        {"ends_at": "0001-01-01T00:00:00+14:00"},
        400,
        "/ends_at",
        "Give a time of the years 1 to 9999 in UTC.",
    ),
    (
        {"key": "Home"},
        400,
        "/key",
        "“Home” cannot be a key. Use lower-case letters, digits and single hyphens.",
    ),
    ({"key": "taken"}, 409, "/key", "There is an experiment “taken” already."),
    (
        {"name": "Taken"},
        409,
        "/name",
        "An experiment named “Taken” exists. Choose another name.",
    ),
]


@pytest.mark.parametrize(("given", "status", "pointer", "detail"), REFUSED)
def test_what_could_never_start_is_refused_by_field(
    admin: Caller, draft: Draft, given: dict[str, Any], status: int, pointer: str, detail: str
) -> None:
    draft(name="Taken", key="taken")
    before = everything()

    answer = admin.post("experiments", NEW | given)

    said = answer.json()["detail"] if detail is None else detail
    assert_refused(answer, status, pointer, said, before=before)


def test_a_change_replaces_what_it_names_and_keeps_the_rest(admin: Caller, draft: Draft) -> None:
    draft(condition={"country": "NL"}, hypothesis="Was.")
    was = admin.get("experiments/home-ctr").json()

    answer = admin.patch(
        "experiments/home-ctr",
        {"name": "Other", "condition": None, "variants": [*HALVES[::-1]]},
    )

    body = answer.json()
    assert answer.status_code == 200, body
    assert [variant["key"] for variant in body["variants"]] == ["item-knn", "popular"]
    changed = {"name": "Other", "condition": None, "version": 2}
    assert body == was | changed | {"variants": was["variants"][::-1]}


def test_a_started_experiment_is_no_draft_any_more(admin: Caller, draft: Draft) -> None:
    start_experiment(draft(), now=NOW)
    before, tag = everything(), admin.get("experiments/home-ctr")["ETag"]

    changed = admin.patch("experiments/home-ctr", {"name": "Other", "traffic": 0.5}, tag=tag)
    deleted = admin.send("DELETE", "experiments/home-ctr", tag=tag)

    assert_refused(
        changed,
        409,
        "/traffic",
        "A running experiment keeps its traffic here. Its traffic, variants, ramp and schedule "
        "have doors of their own; all else stays as launched.",
        before=before,
    )
    assert_refused(
        deleted, 409, None, "A running experiment is kept. Archive it instead.", before=before
    )


def test_a_draft_is_deleted(admin: Caller, draft: Draft) -> None:
    draft()

    answer = admin.send(
        "DELETE", "experiments/home-ctr", tag=admin.get("experiments/home-ctr")["ETag"]
    )

    assert (answer.status_code, answer.content) == (204, b"")
    assert not Experiment.objects.exists()
    assert admin.get("experiments/home-ctr").json()["detail"] == (
        "There is no experiment “home-ctr”."
    )


def test_the_checklist_says_what_is_missing(admin: Caller, draft: Draft) -> None:
    made = draft()
    made.variants.get(key="item-knn").recommender.versions.all()
    knn = made.variants.get(key="item-knn").recommender
    knn.live = None
    knn.save()

    body = admin.get("experiments/home-ctr/checklist").json()

    assert body["ready"] is False
    assert body["lines"][:2] == [
        {"ok": True, "must": True, "text": "popular answers with popular@1."},
        {
            "ok": False,
            "must": True,
            "text": "item-knn has no trained model yet: train it first.",
        },
    ]


def test_words_can_be_changed_at_any_time(admin: Caller, draft: Draft) -> None:
    start_experiment(draft(), now=NOW)
    was = admin.get("experiments/home-ctr").json()

    answer = admin.patch("experiments/home-ctr", {"hypothesis": "Neighbours know better."})

    assert answer.json() == was | {"hypothesis": "Neighbours know better.", "version": 3}
