"""Changing the variants of an experiment under way: shown first, then done."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.models import Experiment, Phase
from tests.api.management.conftest import Caller, Draft, assert_refused, everything, recommender

KEY = "experiments/home-ctr"
UNEVEN = {"weights": {"popular": 0.4, "item-knn": 0.6}, "why": "More of the new one."}


def test_a_preview_says_who_would_move_and_changes_nothing(
    admin: Caller, started: Experiment
) -> None:
    before = everything()

    answer = admin.post(f"{KEY}/variants/preview", UNEVEN)

    assert answer.status_code == 200
    assert answer.json() == {
        "phase": 2,
        "moved": 0.1,
        "shares": {"popular": 0.4, "item-knn": 0.6},
    }
    assert everything() == before


def test_drawing_anew_would_move_half_of_the_users(admin: Caller, started: Experiment) -> None:
    halves = {"weights": {"popular": 0.5, "item-knn": 0.5}, "anew": True}
    assert admin.post(f"{KEY}/variants/preview", halves).json()["moved"] == 0.5


def test_a_change_opens_the_phase_that_was_shown(admin: Caller, started: Experiment) -> None:
    recommender("fresh")
    change = {
        "weights": {"popular": 0.4, "item-knn": 0.4},
        "new": [{"recommender": "fresh", "weight": 0.2}],
        "why": "A third one.",
    }
    shown = admin.post(f"{KEY}/variants/preview", change).json()

    answer = admin.patch(f"{KEY}/variants", change)

    assert answer.status_code == 200, answer.json()
    assert [(one["key"], one["weight"]) for one in answer.json()["data"]] == [
        ("popular", 0.4),
        ("item-knn", 0.4),
        ("fresh", 0.2),
    ]
    body = admin.get(KEY).json()
    assert answer["ETag"] == admin.get(KEY)["ETag"] == admin.get(f"{KEY}/variants")["ETag"]
    assert [phase["number"] for phase in body["phases"]] == [1, 2]
    assert body["phases"][1]["shares"] == shown["shares"]
    assert body["phases"][1]["why"] == "A third one."
    assert shown["moved"] == 0.2


def test_a_change_needs_a_why_and_its_preview_none(admin: Caller, started: Experiment) -> None:
    uneven = {"weights": UNEVEN["weights"]}
    assert admin.post(f"{KEY}/variants/preview", uneven).status_code == 200
    before = everything()
    answer = admin.patch(f"{KEY}/variants", uneven)
    assert_refused(answer, 400, "/why", "why is missing.", before=before)


def test_drawing_anew_by_the_weights_there_are_opens_a_phase(
    admin: Caller, started: Experiment
) -> None:
    halves = {"weights": {"popular": 0.5, "item-knn": 0.5}, "anew": True, "why": "A fresh draw."}
    assert admin.patch(f"{KEY}/variants", halves).status_code == 200
    assert len(admin.get(KEY).json()["phases"]) == 2


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        (
            {"weights": {"popular": 0.4}},
            "/weights",
            "Give a weight to item-knn too; 0 takes an arm out.",
        ),
        (
            {"weights": {"popular": 0.5, "item-knn": 0.6}},
            "/weights",
            "The weights sum to 110.00%. Change them so that they sum to 100%.",
        ),
        (
            {"weights": {"popular": 1, "item-knn": 0}},
            "/weights",
            "Two arms at least keep a weight above 0%.",
        ),
        (
            {"weights": {"popular": 0.5, "item-knn": 0.5, "a/b": 0}},
            "/weights/a~1b",
            "There is no arm “a/b” to give a weight to. There are: popular, item-knn.",
        ),
        (
            {
                "weights": {"popular": 0.4, "item-knn": 0.4},
                "new": [{"recommender": "popular", "weight": 0.20005}],
            },
            "/new/0/weight",
            "Give a weight in steps of 0.01%: that is one bucket.",
        ),
        (  # before any of them is looked up
            {
                "weights": {"popular": 0.4, "item-knn": 0.4},
                "new": [{"recommender": "none", "weight": 0.01}] * 7,
            },
            "/new",
            "new must have at most 6 entries.",
        ),
        (
            {"weights": {"popular": 0.5, "item-knn": 0.5}, "why": " "},
            "/why",
            "Say why: whoever reads the results later will ask.",
        ),
        (
            {"weights": {"popular": 0.5, "item-knn": 1.5}},
            "/weights/item-knn",
            "weights.item-knn must be 0 to 1.",
        ),
        (
            {"weights": {"popular": 0.5, "item-knn": 0.5}},
            "/weights",
            "By these weights nobody's variant would change. Give other weights, or draw "
            "everybody's variant again.",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_field(
    admin: Caller, started: Experiment, change: dict[str, Any], pointer: str, detail: str
) -> None:
    before = everything()
    answer = admin.patch(f"{KEY}/variants", {"why": "So."} | change)
    assert_refused(answer, 400, pointer, detail, before=before)


def test_a_new_variant_with_the_key_of_another_is_refused(
    admin: Caller, started: Experiment
) -> None:
    before = everything()
    change = {
        "weights": {"popular": 0.4, "item-knn": 0.4},
        "new": [{"recommender": "popular", "weight": 0.2, "key": "item-knn"}],
        "why": "So.",
    }
    assert_refused(
        admin.patch(f"{KEY}/variants", change),
        409,
        "/new/0/key",
        "There is an arm “item-knn” already. Give this one a key of its own.",
        before=before,
    )


def test_a_draft_has_no_variants_under_way(admin: Caller, draft: Draft) -> None:
    draft()
    before = everything()
    assert_refused(
        admin.patch(f"{KEY}/variants", UNEVEN),
        409,
        None,
        "A draft experiment has no arms to change: only one that is running or paused has.",
        before=before,
    )


def test_a_killed_variant_takes_nobody_and_gives_nobody_away(admin: Caller, draft: Draft) -> None:
    draft()
    admin.post(f"{KEY}/start")
    recommender("fresh")
    thirds = {
        "weights": {"popular": 0.5, "item-knn": 0.25},
        "new": [{"recommender": "fresh", "weight": 0.25}],
        "why": "So.",
    }
    admin.patch(f"{KEY}/variants", thirds)

    answer = admin.post(f"{KEY}/variants/fresh/kill", {"why": "It fails."})

    killed = [(one["key"], one["killed"]) for one in answer.json()["variants"]]
    assert killed == [("popular", False), ("item-knn", False), ("fresh", True)]
    last = answer.json()["phases"][-1]
    assert (last["shares"]["popular"], last["killed"]) == (0.5, ["fresh"])

    before = everything()
    assert_refused(
        admin.post(f"{KEY}/variants/fresh/kill"),
        409,
        None,
        "There is no arm “fresh” that takes users. There are: popular, item-knn.",
        before=before,
    )
    assert_refused(
        admin.post(f"{KEY}/variants/none/kill"),
        404,
        None,
        "There is no arm “none” that takes users. There are: popular, item-knn.",
        before=before,
    )
    assert_refused(
        admin.post(f"{KEY}/variants/popular/kill"),
        409,
        None,
        "The control cannot be killed: everything is compared with it. Pause or stop the "
        "experiment.",
        before=before,
    )
    assert Phase.objects.count() == 3
