"""Lists: pages, filters, order, and as many queries for many rows as for few."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments import metric_definitions
from experiments.metrics import METRICS
from experiments.models import Experiment, Holdout, Layer, Override
from recommenders.jobs import request_training
from recommenders.models import Item, ModelVersion, Recommender, Training
from serving.access import ServerAccess
from serving.keys import create_key
from tests.acting import create_placement, start_experiment
from tests.api.management.conftest import Caller, Draft, recommender
from tests.installation import NOW


def keys_of(answer: Any, name: str = "key") -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [one[name] for one in answer.json()["data"]]


@pytest.fixture
def many(admin: Caller, draft: Draft) -> Caller:
    """Seven drafts, e0 to e6, of which e3 runs."""
    for n in range(7):
        draft(f"E{n}", traffic=Decimal("0.1"))
    start_experiment(Experiment.objects.get(key="e3"), now=NOW)
    return admin


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (None, "6543210"),
        ("-created_at", "6543210"),
        ("created_at", "0123456"),
        ("name", "0123456"),
        ("-key", "6543210"),
    ],
)
def test_pages_follow_each_other_by_cursor_and_by_link(
    many: Caller, sort: str | None, order: str
) -> None:
    asked = {"limit": 3} | ({} if sort is None else {"sort": sort})
    pages, cursor = [], dict[str, str]()
    while True:
        answer = many.get("experiments", **(asked | cursor))
        pages.append(keys_of(answer))
        if answer.json()["next"] is None:
            assert "Link" not in answer
            break
        cursor = {"cursor": answer.json()["next"]}
        [followed] = re.findall(r'<http://testserver/api/v1/(\S+)>; rel="next"', answer["Link"])
        assert f"cursor={cursor['cursor']}" in followed
        assert keys_of(many.get(followed)) == keys_of(many.get("experiments", **(asked | cursor)))

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [key for page in pages for key in page] == [f"e{n}" for n in order]


@pytest.mark.parametrize("sort", ["-created_at", "created_at"])
def test_rows_of_one_instant_all_come_once(many: Caller, sort: str) -> None:
    Experiment.objects.update(created_at=NOW)
    found, cursor = list[str](), dict[str, str]()
    for _ in range(4):
        answer = many.get("experiments", limit=2, sort=sort, **cursor)
        found += keys_of(answer)
        cursor = {"cursor": answer.json()["next"]}

    assert cursor == {"cursor": None}
    assert found == [f"e{n}" for n in (range(7) if sort == "created_at" else range(6, -1, -1))]


def test_rows_that_come_and_go_between_pages_repeat_and_hide_none(
    many: Caller, draft: Draft
) -> None:
    first = many.get("experiments", limit=3)
    draft("E7")
    Experiment.objects.get(key="e4").delete()

    second = many.get("experiments", limit=3, cursor=first.json()["next"])

    assert (keys_of(first), keys_of(second)) == (["e6", "e5", "e4"], ["e3", "e2", "e1"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "running"}, ["e3"]),
        ({"status": "draft", "name": "E1"}, ["e1"]),
        ({"name": "e"}, ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]),
        ({"placement": "cart"}, []),
        ({"layer": "home", "status": "running"}, ["e3"]),
        ({"layer": "none"}, []),
    ],
)
def test_filters_add_up(many: Caller, query: dict[str, str], found: list[str]) -> None:
    assert keys_of(many.get("experiments", **query)) == found


def test_a_further_layer_finds_an_experiment_too(many: Caller, draft: Draft) -> None:
    many.post("layers", {"key": "wide", "name": "Wide"})
    many.patch("experiments/e1", {"layers": [{"layer": "wide", "share": 0.5}]})
    assert keys_of(many.get("experiments", layer="wide")) == ["e1"]


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ({"limit": 0}, "/limit", "limit must be 1 to 200."),
        ({"limit": 201}, "/limit", "limit must be 1 to 200."),
        (
            {"status": "on"},
            "/status",
            "status must be one of archived, draft, paused, running, shipped, stopped.",
        ),
        (
            {"sort": "id"},
            "/sort",
            "sort must be one of -created_at, -key, -name, created_at, key, name.",
        ),
        (
            {"state": "on"},
            "/state",
            "state is not a field of this request; it takes limit, cursor, status, placement, "
            "layer, name, sort.",
        ),
        (
            {"status": ["running", "draft"]},
            "/status",
            "status is given 2 times. Give it once.",
        ),
    ],
)
def test_a_query_that_cannot_be_is_refused_by_field(
    many: Caller, query: dict[str, Any], pointer: str, detail: str
) -> None:
    answer = many.get("experiments", **query)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"pointer": pointer, "detail": detail}]


@pytest.mark.parametrize("cursor", ["", "x", "é", "WzFd", "a" * 3000, "W10", "\0"])
def test_what_is_no_cursor_is_refused(many: Caller, cursor: str) -> None:
    answer = many.get("experiments", cursor=cursor)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/cursor")


def test_a_cursor_of_another_order_is_refused(many: Caller) -> None:
    cursor = many.get("experiments", limit=1, sort="name").json()["next"]
    answer = many.get("experiments", limit=1, sort="key", cursor=cursor)
    assert answer.json()["errors"] == [
        {
            "pointer": "/cursor",
            "detail": "This is no cursor of this list. Give `next` of the page before, with the "
            "same `sort`.",
        }
    ]


def test_metrics_have_pages_too(admin: Caller) -> None:
    first = admin.get("metrics", limit=10)
    rest = admin.get("metrics", limit=10, cursor=first.json()["next"])
    assert keys_of(first) + keys_of(rest) == sorted(METRICS)
    assert rest.json()["next"] is None


def test_holdouts_are_found_by_status(admin: Caller) -> None:
    for key in ("one", "two"):
        admin.post("holdouts", {"key": key, "name": key, "share": 0.1})
    admin.post("holdouts/one/end")
    assert keys_of(admin.get("holdouts", status="ended")) == ["one"]
    assert keys_of(admin.get("holdouts", status="open")) == ["two"]


def _experiment(n: int, draft: Draft) -> None:
    row = start_experiment(draft(f"N{n}", traffic=Decimal("0.01")), now=NOW)
    variant = row.variants.get(position=1)
    Override.objects.create(experiment=row, user=f"u{n}", variant=variant)


def _place(n: int, draft: Draft) -> None:
    create_placement(key=f"p{n}", name=f"P{n}", default_recommender=recommender(f"r{n}"))


def _version(n: int, draft: Draft) -> None:
    made = ModelVersion.objects.get(recommender__key="popular", number=1)
    made.pk, made.number = None, n + 2
    made.save()


def _training(n: int, draft: Draft) -> None:
    training = request_training(Recommender.objects.get(key="popular"))
    Training.objects.filter(pk=training.pk).update(status="failed")


def _metric(n: int, draft: Draft) -> None:
    key = f"m{n}"
    metric_definitions.define(
        metric=msgspec.structs.replace(METRICS["ctr"], key=key, name=key), now=NOW
    )


MADE: dict[str, Callable[[int, Draft], object]] = {
    "experiments": _experiment,
    "placements": _place,
    "layers": _place,
    "recommenders": _place,
    "recommenders/popular/versions": _version,
    "recommenders/popular/trainings": _training,
    "holdouts": lambda n, draft: Holdout.objects.create(key=f"h{n}", name="H", share="0.1"),
    "metrics": _metric,
    "items": lambda n, draft: Item.objects.create(key=f"i{n}", title="I"),
    "keys": lambda n, draft: create_key(f"k{n}", ServerAccess()),
    "people": lambda n, draft: User.objects.create_user(f"u{n}"),
    "audit": lambda n, draft: create_key(f"k{n}", ServerAccess()),
    "experiments/n0/overrides": lambda n, draft: Override.objects.create(
        experiment=(row := Experiment.objects.get(key="n0")),
        user=f"x{n}",
        variant=row.variants.get(position=0),
    ),
}


@pytest.mark.parametrize("address", MADE)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    admin: Caller, draft: Draft, address: str
) -> None:
    if address.startswith("experiments/"):
        _experiment(0, draft)
    counts, lengths = [], []
    for begin, end in ((0, 2), (2, 8)):
        for n in range(begin, end):
            MADE[address](n, draft)
        with CaptureQueriesContext(connection) as queries:
            lengths.append(len(keys_of(admin.get(address), _name_in(address))))
        counts.append(len(queries))
    assert lengths[1] == lengths[0] + 6
    assert counts[0] == counts[1] <= 8


def _name_in(address: str) -> str:
    special = {"items": "item", "people": "name", "keys": "id", "audit": "id"}
    if address.endswith(("versions", "trainings")):
        return "created_at"
    return "user" if address.endswith("overrides") else special.get(address, "key")


def test_layers_say_what_is_free(many: Caller) -> None:
    assert Layer.objects.get().key == "home"
    assert many.get("layers").json()["data"] == [
        {"key": "home", "name": "Home", "unit": "user", "placements": ["home"], "free": 0.9}
    ]
