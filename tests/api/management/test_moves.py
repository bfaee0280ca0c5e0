"""The moves of an experiment, each by its door."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.models import Experiment
from people import trail
from serving import plans
from tests.api.management.conftest import Caller, Draft, assert_refused, everything

KEY = "experiments/home-ctr"


def test_a_whole_life_by_the_api(admin: Caller, draft: Draft) -> None:
    draft()

    lived = [
        admin.post(f"{KEY}/start", {"why": "Go."}),
        admin.post(f"{KEY}/pause"),
        admin.post(f"{KEY}/resume"),
        admin.post(f"{KEY}/traffic", {"traffic": 0.5}),
        admin.post(f"{KEY}/stop"),
        admin.post(f"{KEY}/ship", {"winner": "item-knn", "rationale": "More clicks."}),
        admin.post(f"{KEY}/archive"),
    ]

    assert [answer.status_code for answer in lived] == [200] * 7
    states = [answer.json() for answer in lived]
    assert [state["status"] for state in states] == [
        *("running", "paused", "running", "running", "stopped", "shipped", "archived")
    ]
    assert [state["version"] for state in states] == [2, 3, 4, 5, 6, 7, 8]
    assert [answer["ETag"] for answer in lived] == [
        f'"{Experiment.objects.get().pk}-{version}"' for version in range(2, 9)
    ]
    assert [state["traffic"] for state in states[2:4]] == [0.4, 0.5]
    assert states[0]["moves"] == ["pause", "stop"]
    [phase] = states[0]["phases"]
    assert phase["shares"] == {"popular": 0.5, "item-knn": 0.5}
    decision = states[-1]["decision"]
    assert (decision["decision"], decision["winner"], decision["by"]) == (
        *("ship", "item-knn", "key admin"),
    )
    assert admin.get("placements/home").json()["default_recommender"] == "item-knn"
    entries = trail.entries(kind="experiment", key="home-ctr", by="key admin")
    assert [entry.verb for entry in entries[::-1]] == [
        *("start", "pause", "resume", "change traffic", "stop", "ship", "archive")
    ]
    assert [entry.why for entry in entries.filter(verb="start")] == ["Go."]


@pytest.mark.django_db(transaction=True)
def test_a_move_is_routed_by_from_the_next_request_on(admin: Caller, started: Experiment) -> None:
    asked = {"user": "u1"}
    in_it = {one["reason"] for n in range(9) for one in _assigned(admin, f"u{n}")}
    assert "split" in in_it

    admin.post(f"{KEY}/pause")

    assert plans.current().experiments == ()
    assert [one["reason"] for one in _assigned(admin, asked["user"])] == ["no_experiment"]


def _assigned(admin: Caller, user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.post("assign", {"user": user}).json()["assignments"]
    return found


@pytest.mark.parametrize(
    ("move", "body", "detail"),
    [
        ("start", None, "A running experiment cannot start: only one that is draft can."),
        ("resume", None, "A running experiment cannot resume: only one that is paused can."),
        (
            "ship",
            {"winner": "popular", "rationale": "So."},
            "A running experiment cannot ship: only one that is stopped can.",
        ),
        (
            "archive",
            {"decision": "inconclusive", "rationale": "So."},
            "A running experiment cannot archive: only one that is draft or stopped or shipped "
            "can.",
        ),
    ],
)
def test_a_move_that_the_state_does_not_allow_is_409(
    admin: Caller, started: Experiment, move: str, body: object, detail: str
) -> None:
    before = everything()
    assert_refused(admin.post(f"{KEY}/{move}", body), 409, None, detail, before=before)


def test_a_start_that_lacks_something_says_all_of_it(admin: Caller, draft: Draft) -> None:
    draft()
    draft(name="Greedy", traffic=1)
    admin.post(f"{KEY}/start")
    before = everything()

    answer = admin.post("experiments/greedy/start")

    assert_refused(
        answer,
        409,
        None,
        "Layer home has 60% of its users free and this experiment wants 100%: lower its traffic "
        "or stop another experiment.",
        before=before,
    )


@pytest.mark.parametrize(
    ("move", "body", "pointer", "detail"),
    [
        ("traffic", {"traffic": 2}, "/traffic", "traffic must be 0.01 to 1."),
        (
            "traffic",
            {"traffic": 0.12345},
            "/traffic",
            "Give a share in steps of 0.01%: that is one bucket.",
        ),
        ("traffic", {}, "/traffic", "traffic is missing."),
        (
            "pause",
            {"why": 7},
            "/why",
            "why must be text of at most 4,000 characters, not a whole number.",
        ),
        ("stop", {"reason": ""}, "/reason", "reason is not a field of this request; it takes why."),
        ("ship", {"winner": "popular"}, "/rationale", "rationale is missing."),
    ],
)
def test_a_move_with_a_wrong_body_is_400(
    admin: Caller, started: Experiment, move: str, body: object, pointer: str, detail: str
) -> None:
    before = everything()
    assert_refused(admin.post(f"{KEY}/{move}", body), 400, pointer, detail, before=before)


def test_a_winner_that_is_no_variant_is_400(admin: Caller, started: Experiment) -> None:
    admin.post(f"{KEY}/stop")
    before = everything()

    answer = admin.post(f"{KEY}/ship", {"winner": "none", "rationale": "So."})

    detail = "There is no variant “none”. Choose one of popular, item-knn."
    assert_refused(answer, 400, "/winner", detail, before=before)


def test_what_is_not_there_is_404(admin: Caller, started: Experiment) -> None:
    before = everything()
    assert_refused(
        admin.post("experiments/none/pause"),
        404,
        None,
        "There is no experiment “none”.",
        before=before,
    )


def test_a_ramp_is_begun_advanced_and_cancelled(admin: Caller, started: Experiment) -> None:
    steps: list[dict[str, float]] = [
        {"share": 0.4, "hours": 24, "users": 1000},
        {"share": 0.8},
        {"share": 1},
    ]

    begun = admin.post(f"{KEY}/ramp", {"ramp": {"steps": steps}, "why": "Slowly."}).json()
    further = admin.post(f"{KEY}/ramp/advance").json()
    cancelled = admin.post(f"{KEY}/ramp/cancel", {"why": "Enough."}).json()

    assert begun["ramp"]["steps"] == [{"hours": 0.0, "users": 0} | step for step in steps]
    assert [(body["traffic"], body["ramp"]["at"]) for body in (begun, further, cancelled)] == [
        (0.4, 0),
        (0.8, 1),
        (0.8, 1),
    ]
    assert [body["ramp"]["state"] for body in (begun, further, cancelled)] == [
        *("climbing", "climbing", "cancelled")
    ]
    before = everything()
    assert_refused(
        admin.post(f"{KEY}/ramp/advance"),
        409,
        None,
        "home-ctr has no ramp under way to advance.",
        before=before,
    )
    assert_refused(
        admin.post(f"{KEY}/ramp", {"ramp": {"steps": steps}}),
        400,
        "/ramp/steps/0/share",
        "It has 80.00% of the layer's users: begin with that or more.",
        before=before,
    )


def test_starts_and_ends_are_set_and_taken_back(admin: Caller, draft: Draft) -> None:
    draft()
    times = {"starts_at": "2100-01-01T00:00:00+01:00", "ends_at": "2100-02-01T00:00:00Z"}

    set_ = admin.post(f"{KEY}/schedule", times).json()
    admin.post(f"{KEY}/start")
    kept = admin.post(f"{KEY}/schedule", {"ends_at": None}).json()

    assert (set_["starts_at"], set_["ends_at"]) == ("2099-12-31T23:00:00Z", times["ends_at"])
    assert (kept["status"], kept["starts_at"], kept["ends_at"]) == ("running", None, None)
    before = everything()
    assert_refused(
        admin.post(f"{KEY}/schedule", times),
        400,
        "/starts_at",
        "It has started: only its end can be set.",
        before=before,
    )
    assert_refused(
        admin.post(f"{KEY}/schedule", {"ends_at": "2001-01-01T00:00:00Z"}),
        400,
        "/ends_at",
        "Give an end that is still to come, after the start.",
        before=before,
    )
