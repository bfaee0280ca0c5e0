"""Entity tags: a change is made to the state that the caller knows, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from experiments.models import Experiment, Layer, Placement
from tests.acting import create_placement
from tests.api.management.conftest import Caller, Draft, assert_refused, everything, recommender

CHANGES: dict[str, tuple[str, object]] = {
    "experiments/home-ctr": ("PATCH", {"name": "Other"}),
    "experiments/home-ctr/variants": ("PATCH", {"weights": {}, "why": "So."}),
    "placements/home": ("PATCH", {"name": "Other"}),
    "layers/free": ("DELETE", None),
    "holdouts/held": ("PATCH", {"share": 0.2}),
    "metrics/own": (
        "PUT",
        {"key": "own", "name": "Other", "kind": "mean", "numerator": {"source": "slates"}},
    ),
    "items/i1": ("DELETE", None),
    "people/ada": ("PATCH", {"active": False}),
    "experiments/home-ctr/overrides/qa": ("DELETE", None),
}
MOVES = ("experiments/home-ctr/start", "experiments/home-ctr/archive", "holdouts/held/end")
NEEDED = (
    "Say which state you change: send the ETag of your last read as `If-Match`, or "
    "`If-Match: *` for whichever there is."
)


@pytest.fixture
def world(admin: Caller, draft: Draft, django_user_model: Any) -> Caller:
    """One of each that can be changed."""
    draft()
    own = {"key": "own", "name": "Own", "kind": "mean", "numerator": {"source": "items"}}
    for door, body in (
        ("layers", {"key": "free", "name": "Free"}),
        ("holdouts", {"key": "held", "name": "Held", "share": 0.1}),
        ("metrics", own),
        ("items", {"items": [{"item": "i1", "title": "One"}]}),
        ("experiments/home-ctr/overrides", {"user": "qa", "variant": "popular"}),
    ):
        assert admin.post(door, body).status_code in (200, 201)
    django_user_model.objects.create_user("ada")
    return admin


@pytest.mark.parametrize("address", CHANGES)
def test_a_change_that_does_not_say_of_which_state_is_428(world: Caller, address: str) -> None:
    method, body = CHANGES[address]
    before = everything()
    assert_refused(world.send(method, address, body), 428, None, NEEDED, before=before)


@pytest.mark.parametrize("address", CHANGES)
def test_a_change_of_a_state_that_is_gone_is_412(world: Caller, address: str) -> None:
    method, body = CHANGES[address]
    tag, before = world.get(address)["ETag"], everything()
    for stale in ('"0"', f"W/{tag}", f'"{tag}'):
        assert_refused(
            world.send(method, address, body, tag=stale),
            412,
            None,
            f"It has changed since you read it: its ETag is {tag} now. Read it again, and send "
            "your change with that one.",
            before=before,
        )


@pytest.mark.parametrize("address", MOVES)
def test_a_move_honours_a_tag_where_it_is_given(world: Caller, address: str) -> None:
    before = everything()
    assert world.post(address, tag='"0"').status_code == 412
    assert everything() == before

    tag = world.get(address.rpartition("/")[0])["ETag"]
    assert world.post(address, tag=f'"0", {tag}').status_code == 200


def test_any_state_will_do_where_the_caller_says_so(world: Caller) -> None:
    answer = world.patch("placements/home", {"name": "Other"}, tag="*")
    assert (answer.status_code, answer.json()["name"]) == (200, "Other")
    assert answer["ETag"] == world.get("placements/home")["ETag"]


@pytest.mark.parametrize(
    "address",
    [
        *("experiments", "experiments/home-ctr", "placements", "layers/home", "holdouts"),
        *("metrics/ctr", "recommenders/popular/versions/1", "items/i1", "people", "audit"),
    ],
)
def test_what_the_reader_has_is_not_sent_again(world: Caller, address: str) -> None:
    tag = world.get(address)["ETag"]
    for known in (tag, f"W/{tag}", f'"0", {tag}', "*"):
        answer = world.unless(address, known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert world.unless(address, '"0"').status_code == 200


def test_a_key_that_was_deleted_and_made_again_has_another_tag(admin: Caller, draft: Draft) -> None:
    draft()
    was = admin.get("experiments/home-ctr")["ETag"]
    admin.send("DELETE", "experiments/home-ctr", tag=was)
    draft()

    assert admin.send("DELETE", "experiments/home-ctr", tag=was).status_code == 412
    assert Experiment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="tests have SQLite in memory, in one")
def test_of_writers_with_one_tag_one_wins(home: Placement, draft: Draft) -> None:
    """In threads with connections of their own, as in a server: the others wait for the first.
    `tests/contracts/test_postgres.py` runs it.
    """
    draft()
    for address, changes in (
        ("experiments/home-ctr", [{"hypothesis": f"Of {n}"} for n in range(4)]),
        ("placements/home", [{"name": f"Home {n}"} for n in range(4)]),
    ):
        caller = Caller(Client())
        tag = caller.get(address)["ETag"]
        answers = at_once([partial(caller.patch, address, change, tag=tag) for change in changes])

        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200, 412, 412, 412]
        [won] = [answer.json() for answer in answers if answer.status_code == 200]
        assert caller.get(address).json() == won


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each answered, all begun together."""
    answers: list[Any] = []
    begin = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> None:
        begin.wait()
        try:
            answers.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_layer_that_was_given_a_placement_meanwhile_is_not_deleted(admin: Caller) -> None:
    admin.post("layers", {"key": "shared", "name": "Shared"})
    tag = admin.get("layers/shared")["ETag"]
    create_placement(
        key="cart",
        name="Cart",
        default_recommender=recommender("popular"),
        layer=Layer.objects.get(key="shared"),
    )
    before = everything()

    assert admin.send("DELETE", "layers/shared", tag=tag).status_code == 412
    assert_refused(
        admin.send("DELETE", "layers/shared", tag="*"),
        409,
        None,
        "shared is used by placement cart.",
        before=before,
    )
