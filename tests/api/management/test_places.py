"""Placements, layers and holdouts."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.models import Placement
from people import trail
from serving import plans
from tests.api.management.conftest import Caller, assert_refused, everything, recommender


def test_a_placement_is_made_with_a_layer_of_its_own_and_routed_by(
    admin: Caller, home: Placement
) -> None:
    new = {"key": "cart", "name": "Cart", "default_recommender": "item-knn"}

    answer = admin.post("placements", new)

    assert answer.status_code == 201
    assert answer["Location"] == "/api/v1/placements/cart"
    assert answer.json() == new | {"layer": "cart"} == admin.get("placements/cart").json()
    plans.announce()
    assert plans.current().placements["cart"].default_recommender == "item-knn"
    assert [entry.verb for entry in trail.entries(kind="placement", key="cart")] == ["create"]


def test_a_placement_can_join_a_layer(admin: Caller, home: Placement) -> None:
    new = {"key": "cart", "name": "Cart", "default_recommender": "popular", "layer": "home"}
    assert admin.post("placements", new).json()["layer"] == "home"
    assert admin.get("layers/home").json()["placements"] == ["cart", "home"]


def test_a_placement_gets_another_default(admin: Caller, home: Placement) -> None:
    answer = admin.patch("placements/home", {"default_recommender": "item-knn"})

    assert answer.json() == {
        "key": "home",
        "name": "Home",
        "layer": "home",
        "default_recommender": "item-knn",
    }
    plans.announce()
    assert plans.current().placements["home"].default_recommender == "item-knn"


def test_a_layer_is_made_and_deleted(admin: Caller) -> None:
    made = admin.post("layers", {"key": "wide", "name": "Wide", "unit": "device"})

    assert made.status_code == 201
    assert made.json() == {
        "key": "wide",
        "name": "Wide",
        "unit": "device",
        "placements": [],
        "free": 1.0,
    }
    assert admin.send("DELETE", "layers/wide", tag=made["ETag"]).status_code == 204
    assert admin.get("layers/wide").status_code == 404


def test_a_holdout_is_made_changed_and_ended(admin: Caller, home: Placement) -> None:
    made = admin.post("holdouts", {"key": "all", "name": "All", "share": 0.05})
    wider = admin.patch("holdouts/all", {"share": 0.1}, tag=made["ETag"])
    plans.announce()
    [held] = plans.current().holdouts
    ended = admin.post("holdouts/all/end")

    assert (made.status_code, made.json()["layer"], made.json()["ended_at"]) == (201, None, None)
    assert (wider.json()["share"], held.ranges) == (0.1, ((0, 1000),))
    assert ended.json()["ended_at"] is not None
    plans.announce()
    assert plans.current().holdouts == ()
    before = everything()
    for again in (
        admin.post("holdouts/all/end"),
        admin.patch("holdouts/all", {"share": 0.2}),
    ):
        assert_refused(again, 409, None, "all has ended. Create another one.", before=before)


REFUSED: list[tuple[str, dict[str, Any], int, str, str]] = [
    (
        "placements",
        {"key": "home", "name": "H", "default_recommender": "popular"},
        409,
        "/key",
        "There is a placement “home” already.",
    ),
    (
        "placements",
        {"key": "cart", "name": " ", "default_recommender": "popular"},
        400,
        "/name",
        "Give a name of 1 to 120 characters.",
    ),
    (
        "placements",
        {"key": "cart", "name": "Cart", "default_recommender": "none"},
        400,
        "/default_recommender",
        "There is no recommender “none”. GET /api/v1/recommenders lists those there are.",
    ),
    (
        "placements",
        {"key": "cart", "name": "Cart", "default_recommender": "popular", "layer": "none"},
        400,
        "/layer",
        "There is no layer “none”. GET /api/v1/layers lists those there are.",
    ),
    ("layers", {"key": "home", "name": "H"}, 409, "/key", "There is a layer “home” already."),
    (
        "layers",
        {"key": "wide", "name": "W", "unit": "session"},
        400,
        "/unit",
        "unit must be one of device, user.",
    ),
    (
        "layers",
        {"key": "a_b", "name": "W"},
        400,
        "/key",
        "“a_b” cannot be a key. Use lower-case letters, digits and single hyphens.",
    ),
    (
        "holdouts",
        {"key": "h", "name": "H", "share": 0.6},
        400,
        "/share",
        "share must be 0.001 to 0.5.",
    ),
    (
        "holdouts",
        {"key": "h", "name": "H", "share": 0.00105},
        400,
        "/share",
        "Give a share from 0.1% to 50%, in steps of 0.01%.",
    ),
    (
        "holdouts",
        {"key": "held", "name": "H", "share": 0.1},
        409,
        "/key",
        "There is a holdout “held” already.",
    ),
]


@pytest.mark.parametrize(("door", "body", "status", "pointer", "detail"), REFUSED)
def test_what_cannot_be_made_is_refused_by_field(
    admin: Caller,
    home: Placement,
    door: str,
    body: dict[str, Any],
    status: int,
    pointer: str,
    detail: str,
) -> None:
    admin.post("holdouts", {"key": "held", "name": "Held", "share": 0.1})
    before = everything()
    assert_refused(admin.post(door, body), status, pointer, detail, before=before)


def test_a_layer_in_use_is_kept(admin: Caller, home: Placement) -> None:
    before = everything()
    assert_refused(
        admin.send("DELETE", "layers/home", tag=admin.get("layers/home")["ETag"]),
        409,
        None,
        "home is used by placement home.",
        before=before,
    )


def test_a_recommender_that_is_registered_meanwhile_can_be_named(
    admin: Caller, home: Placement
) -> None:
    recommender("fresh")
    assert admin.patch("placements/home", {"default_recommender": "fresh"}).status_code == 200
