"""Recommenders and items."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from experiments.measurement import Measurement
from experiments.models import Placement
from people import trail
from recommenders.algorithms import names
from recommenders.gate import GateVerdict
from recommenders.models import Item, ModelVersion, Training
from serving.models import PublishedPlan
from tests.acting import MADE as NOW
from tests.acting import answering, start_experiment, stop_experiment
from tests.api.management.conftest import Caller, Draft, assert_refused, everything

ITEM = {"item": "i/1", "title": "One", "categories": ["new"], "attributes": {"price": 2.5}}


def test_a_recommender_is_registered_and_trained(admin: Caller) -> None:
    new = {"key": "knn", "algorithm": "item_knn", "config": {"k_neighbours": 20}}

    made = admin.post("recommenders", new)
    asked = admin.post("recommenders/knn/trainings")
    again = admin.post("recommenders/knn/trainings")

    assert made.status_code == 201, made.json()
    assert {name: made.json()[name] for name in new} == new
    assert made.json()["live"] is None
    training = Training.objects.get()
    assert (asked.status_code, again.status_code) == (202, 202)
    assert asked["Location"] == f"/api/v1/recommenders/knn/trainings/{training.pk}"
    followed = admin.get(f"recommenders/knn/trainings/{training.pk}").json()
    assert asked.json() == again.json() == followed
    assert (followed["status"], followed["version"]) == ("queued", None)
    acts = trail.entries(kind="recommender", key="knn")
    assert [(entry.verb, entry.by) for entry in acts] == [
        ("train", "key admin"),
        ("register", "key admin"),
    ]


def test_a_recommender_is_trained_otherwise_from_then_on(admin: Caller, home: Placement) -> None:
    trained = {"window_days": 90, "most_a_day": 500}

    changed = admin.patch("recommenders/popular", {"training": trained, "why": "Seasons."})

    assert changed.status_code == 200, changed.json()
    assert changed.json()["training"] == trained | {
        "only_catalogue": True,
        "lowest_rating": None,
        "highest_rating": None,
        "every": "off",
        "promote": "gate",
        "bound": 0.05,
    }
    assert admin.get("recommenders/popular").json() == changed.json()
    [entry] = trail.entries(kind="recommender", key="popular")
    assert (entry.verb, entry.by, entry.why) == ("change training", "key admin", "Seasons.")
    assert (entry.before, entry.after) == ({"window_days": None, "most_a_day": 1000}, trained)

    assert admin.patch("recommenders/popular", {"training": trained}).status_code == 200
    assert trail.entries(kind="recommender", key="popular").count() == 1


@pytest.mark.parametrize(
    ("training", "pointer", "detail"),
    [
        (
            {"window_days": 0},
            "/training/window_days",
            "Give 1 to 3,650 days, or none to read all behaviour.",
        ),
        ({"most_a_day": 0}, "/training/most_a_day", "Give a whole number of 1 or more."),
        (
            {"lowest_rating": 5, "highest_rating": 5},
            "/training/highest_rating",
            "Give more than the lowest rating.",
        ),
    ],
)
def test_what_nothing_can_be_trained_by_is_refused_by_field(
    admin: Caller, home: Placement, training: dict[str, int], pointer: str, detail: str
) -> None:
    before = everything()

    answer = admin.patch("recommenders/popular", {"training": training})

    assert_refused(answer, 400, pointer, detail, before=before)


def test_a_frozen_experiment_refuses_trainings_while_it_is_under_way(
    admin: Caller, draft: Draft
) -> None:
    frozen = Measurement(goals=("ctr",), training_data="frozen")
    experiment = start_experiment(draft(measurement=frozen), now=NOW)

    before = everything()

    refused = admin.post("recommenders/item-knn/trainings")

    detail = (
        "item-knn serves an arm of home-ctr, which keeps its models frozen while it is under way. "
        "Train once it is stopped, or register the same settings under another key and train that."
    )
    assert_refused(refused, 409, None, detail, before=before)
    stop_experiment(experiment, now=NOW)
    assert admin.post("recommenders/item-knn/trainings").status_code == 202


def test_model_versions_are_read(admin: Caller, home: Placement) -> None:
    [version] = admin.get("recommenders/popular/versions").json()["data"]
    assert (version["name"], version["metrics"]) == ("popular@1", {"ndcg@10": 0.25})
    assert admin.get("recommenders/popular/versions/1").json() == version
    assert admin.get("recommenders/popular/versions/2").status_code == 404
    assert admin.get("recommenders/popular").json()["live"] == "popular@1"


def candidate(number: int, verdict: GateVerdict | None) -> ModelVersion:
    """A further version of `popular`, which went live through the gate with its first."""
    first = ModelVersion.objects.get(recommender__key="popular", number=1)
    if not first.promotions.exists():
        first.recommender.promotions.create(version=first, kind="first", at=NOW, by="training")
    fields = {f.name: getattr(first, f.name) for f in first._meta.concrete_fields}
    changes = {"id": None, "number": number, "gate": msgspec.to_builtins(verdict)}
    return ModelVersion.objects.create(**fields | changes)


PASSED = GateVerdict(
    against="popular@1", measure="ndcg@10", users=412, bound=0.05, passed=True, live=0.2
)


def test_a_candidate_is_promoted_and_the_version_before_comes_back(
    admin: Caller, home: Placement
) -> None:
    candidate(2, PASSED)
    assert admin.get("recommenders/popular/versions/2").json()["stage"] == "candidate"

    done = admin.post("recommenders/popular/versions/2/promote", {"why": "Fresh."})

    assert (done.status_code, done.json()["stage"]) == (200, "live")
    assert done.json()["gate"]["users"] == 412
    assert admin.get("recommenders/popular/versions/1").json()["stage"] == "retired"
    assert answering("popular") == "popular@2"

    back = admin.post("recommenders/popular/rollback")

    assert (back.status_code, back.json()["live"]) == (200, "popular@1")
    assert answering("popular") == "popular@1"
    acts = trail.entries(kind="recommender", key="popular")
    assert [(entry.verb, entry.by, entry.why) for entry in acts] == [
        ("roll back", "key admin", ""),
        ("promote", "key admin", "Fresh."),
    ]


@pytest.mark.parametrize(
    ("address", "body", "status", "pointer", "detail"),
    [
        (
            "versions/2/promote",
            {},
            409,
            None,
            "The gate does not let popular@2 go live. It was never compared with popular@1.",
        ),
        (
            "versions/2/promote",
            {"despite_gate": True},
            400,
            "/why",
            "Say why it goes live despite the gate.",
        ),
        ("versions/1/promote", {}, 409, None, "popular@1 is live already."),
        ("rollback", {}, 409, None, "No version of popular was live before this one."),
    ],
)
def test_what_cannot_go_live_is_refused_with_the_reason(
    admin: Caller,
    home: Placement,
    address: str,
    body: dict[str, Any],
    status: int,
    pointer: str | None,
    detail: str,
) -> None:
    candidate(2, None)
    before = everything()

    answer = admin.post(f"recommenders/popular/{address}", body)

    assert_refused(answer, status, pointer, detail, before=before)


@pytest.mark.parametrize(
    ("body", "status", "pointer", "detail"),
    [
        (
            {"key": "popular", "algorithm": "popularity"},
            409,
            "/key",
            "A recommender named “popular” exists.",
        ),
        (
            {"key": "new", "algorithm": "magic"},
            400,
            "/algorithm",
            f"Choose one of {', '.join(names())}.",
        ),
        (
            {"key": "new", "algorithm": "item_knn", "config": {"name": 1}},
            400,
            "/config/name",
            None,
        ),
        (
            {"key": "new", "algorithm": "item_knn", "config": {"k_neighbours": "all"}},
            400,
            "/config/k_neighbours",
            None,
        ),
    ],
)
def test_a_recommender_that_cannot_be_is_refused_by_field(
    admin: Caller,
    home: Placement,
    body: dict[str, Any],
    status: int,
    pointer: str,
    detail: str | None,
) -> None:
    before = everything()
    answer = admin.post("recommenders", body)
    assert_refused(answer, status, pointer, detail or answer.json()["detail"], before=before)


def test_items_come_in_bulk_and_go_one_by_one(admin: Caller) -> None:
    other = {"item": "i2", "title": "Two"}

    first = admin.post("items", {"items": [ITEM, other]})
    again = admin.post("items", {"items": [ITEM | {"title": "Uno"}]})

    assert first.json() == {"added": 2, "updated": 0}
    assert again.json() == {"added": 0, "updated": 1}
    assert admin.get("items/i%2F1").json() == ITEM | {"title": "Uno", "available": True}
    assert [one["item"] for one in admin.get("items", text="un").json()["data"]] == ["i/1"]
    gone = admin.send("DELETE", "items/i%2F1", tag=admin.get("items/i%2F1")["ETag"])
    assert gone.status_code == 204
    assert [item.key for item in Item.objects.all()] == ["i2"]


def test_an_item_that_is_sold_out_is_out_of_the_plan_with_the_answer(admin: Caller) -> None:
    out: list[str]
    for available, out in ((False, ["i/1"]), (True, [])):
        admin.post("items", {"items": [ITEM | {"available": available}]})
        assert PublishedPlan.objects.latest().body["unavailable"] == out
        assert admin.get("items/i%2F1").json()["available"] is available
    admin.post("items", {"items": [ITEM | {"available": False}]})
    admin.send("DELETE", "items/i%2F1", tag=admin.get("items/i%2F1")["ETag"])
    assert PublishedPlan.objects.latest().body["unavailable"] == []


@pytest.mark.parametrize(
    ("items", "pointer", "detail"),
    [
        ([ITEM, {"item": "i2"}], "/items/1/title", "items[1].title is missing."),
        (
            [ITEM, {"item": "", "title": "T"}],
            "/items/1/item",
            "items[1].item must have 1 to 256 characters.",
        ),
        ([], "/items", "items must have 1 to 1,000 entries."),
        ([ITEM] * 1001, "/items", "items must have 1 to 1,000 entries."),
        (
            [ITEM, {"item": "i2", "title": "a\0b"}],
            "/items/1/title",
            "items[1].title must not hold the NUL character (U+0000).",
        ),
    ],
)
def test_of_a_batch_with_one_bad_item_nothing_is_taken(
    admin: Caller, items: list[Any], pointer: str, detail: str
) -> None:
    before = everything()
    assert_refused(admin.post("items", {"items": items}), 400, pointer, detail, before=before)


def test_no_address_holds_a_nul(admin: Caller) -> None:
    assert admin.get("items/a%00b").status_code == 404
    assert admin.get("people/a%00b").status_code == 404
    assert admin.get("users/a%00b/assignments").status_code == 400
