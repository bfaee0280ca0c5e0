"""What needs nothing said takes a reason or nothing, and reads what it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.models import Experiment
from people import trail
from serving.access import ServerAccess
from serving.keys import create_key
from serving.models import ApiKey
from tests.api.management.conftest import Caller, assert_refused, everything
from tests.api.management.doors import MANAGEMENT

SPEND: dict[str, Any] = {
    "key": "spend",
    "name": "Spend",
    "kind": "mean",
    "numerator": {"source": "items"},
}
DONE = {
    "holdouts/held/end": ("holdout", "held", "end"),
    "keys/{key}/revoke": ("key", "CI", "revoke"),
    "metrics/spend/archive": ("metric", "spend", "archive"),
    "metrics/old/restore": ("metric", "old", "restore"),
    "recommenders/popular/trainings": ("recommender", "popular", "train"),
    "experiments/home-ctr/pause": ("experiment", "home-ctr", "pause"),
    "experiments/home-ctr/variants/third/kill": ("experiment", "home-ctr", "kill arm"),
}


@pytest.fixture
def world(admin: Caller, started: Experiment) -> None:
    """One of each thing that something can be done to."""
    admin.post("holdouts", {"key": "held", "name": "Held", "share": 0.1})
    admin.post("metrics", SPEND)
    admin.post("metrics", SPEND | {"key": "old", "name": "Old"})
    admin.post("metrics/old/archive")
    create_key("CI", ServerAccess())
    third = {"recommender": "popular", "weight": 0.2, "key": "third"}
    weights = {"popular": 0.4, "item-knn": 0.4}
    change = {"weights": weights, "new": [third], "why": "One more."}
    assert admin.patch("experiments/home-ctr/variants", change).status_code == 200


def at(address: str) -> str:
    return address.format(key=ApiKey.objects.get(name="CI").pk)


@pytest.mark.parametrize("address", DONE)
def test_its_why_goes_into_the_audit_trail(admin: Caller, world: None, address: str) -> None:
    kind, key, verb = DONE[address]

    answer = admin.post(at(address), {"why": "It was time."})

    assert answer.status_code in (200, 202), answer.json()
    newest = trail.entries(kind=kind, key=key).first()
    assert newest is not None
    assert (newest.verb, newest.why) == (verb, "It was time.")


@pytest.mark.parametrize("address", DONE)
@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (b'{"reason": "z"}', "/reason", "reason is not a field of this request; it takes why."),
        (b"{", "", "The body is not whole, valid JSON: Input data was truncated."),
        (b"[]", "", "This request must be an object, not a list."),
    ],
)
def test_what_it_does_not_take_is_refused(
    admin: Caller, world: None, address: str, body: bytes, pointer: str, detail: str
) -> None:
    before = everything()
    answer = admin.send_bytes("POST", at(address), body, tag=None)
    assert_refused(answer, 400, pointer, detail, before=before)


@pytest.mark.parametrize("address", [a for a, method in MANAGEMENT if method == "POST"])
def test_no_post_takes_what_is_not_json(admin: Caller, world: None, address: str) -> None:
    there = {"holdouts": "held", "metrics": "spend", "recommenders": "popular"}
    key = there.get(address.partition("/")[0], "home-ctr")
    number = str(ApiKey.objects.get(name="CI").pk)
    filled = address.replace("<slug:key>", key).replace("<slug:variant>", "third")
    before = everything()

    answer = admin.send_bytes("POST", filled.replace("<int:number>", number), b"{", tag=None)

    assert (answer.status_code, everything()) == (400, before)


def test_a_metric_is_archived_once_and_restored_once(admin: Caller, world: None) -> None:
    before = everything()
    assert_refused(
        admin.post("metrics/old/archive"), 409, None, "Old is archived already.", before=before
    )
    assert_refused(
        admin.post("metrics/spend/restore"), 409, None, "Spend is not archived.", before=before
    )
