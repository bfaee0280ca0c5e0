"""/assign and /route say the same of ten thousand people, in an installation that has of all that
decides: layers by user and by device, holdouts, conditions, killed arms, phases and overrides.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory

from api import views
from experiments import drafts, holdouts, moves, places
from experiments.assignment import Assignment, Reason
from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.models import Experiment, Layer, Placement
from experiments.overrides import set_override
from recommenders.models import Recommender
from serving.lifecycle import routed
from tests.acting import TESTER
from tests.installation import NOW, trained

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 10_000
PLACEMENTS = ("cart", "home", "product-page", "search")
BY: dict[str, Any] = {"now": NOW, "actor": TESTER}
ARMS = (("control", "popular", "0.4"), ("near", "item-knn", "0.3"), ("far", "popular", "0.3"))
SAID = ("experiment", "phase", "variant", "bucket", "recommender")


def test_assign_and_route_agree(installation: None, keyed: Client) -> None:
    reasons: Counter[tuple[str, str]] = Counter()
    for n, person in enumerate(people()):
        placement = PLACEMENTS[n % len(PLACEMENTS)]
        asked = call(keyed, "assign", person)
        given = next(one for one in asked.assignments if one.placement == placement)
        slate = call(keyed, "route", person | {"placement": placement, "k": 1})

        assert {name: getattr(slate, name) for name in SAID} == said(given)
        assert (slate.reason, slate.plan_version) == (given.reason.value, asked.plan_version)
        reasons[placement, slate.reason] += 1

    assert {reason for _, reason in reasons} == {reason.value for reason in Reason}
    assert {placement for placement, reason in reasons if reason == "split"} == set(PLACEMENTS[:3])
    assert reasons["search", "no_experiment"] == PEOPLE / 4


def said(given: Assignment) -> dict[str, Any]:
    return {name: getattr(given, name) for name in SAID}


def call(client: Client, door: str, body: object) -> Any:
    """What the view answers, before it becomes JSON."""
    view = {"assign": views.AssignView, "route": views.RouteView}[door].as_view()
    request = RequestFactory().post(
        f"/api/v1/{door}",
        json.dumps(body),
        content_type="application/json",
        headers={"authorization": client.defaults["HTTP_AUTHORIZATION"]},
    )
    answer = view(request)
    assert answer.status_code == 200, answer.data
    return answer.data


def people() -> list[dict[str, Any]]:
    """Two in three have a device, two in three say their country; some are alike in both."""
    rng = random.Random(20261124)
    found = []
    for n in range(PEOPLE):
        person: dict[str, Any] = {"user": f"person-{n}"}
        if rng.random() < 2 / 3:
            person["device"] = f"device-{rng.randrange(5_000)}"
        if rng.random() < 2 / 3:
            person["attributes"] = {"country": rng.choice(("NL", "BE", "DE")), "age": n % 90}
        found.append(person)
    return found


@pytest.fixture
def installation(tmp_path: Path) -> None:
    """Two placements share a layer, a third has one by device, a fourth has no experiment."""
    popular = trained("popular", "popularity", tmp_path / "models")
    trained("item-knn", "item_knn", tmp_path / "models")
    devices = places.create_layer(key="devices", name="Devices", unit="device", **BY)
    home = place("home", popular)
    targeted = started("Home", home, "0.5", condition={"country": {"$in": ["NL", "BE"]}})
    beside = drafts.LayerShare(layer=devices, share=Decimal("0.2"))
    started("Product", place("product-page", popular, home.layer), "0.4", layers=[beside])
    by_device = started("Cart", place("cart", popular, devices), "0.7")
    place("search", popular)
    routed(moves.pause, started("Search", Placement.objects.get(key="search"), "1"), **BY)

    everything = holdouts.create_holdout
    everything(key="everything", name="Everything", share=Decimal("0.05"), **BY)
    everything(key="pages", name="Pages", share=Decimal("0.05"), layer=home.layer, **BY)
    weights = {"control": Decimal("0.2"), "near": Decimal("0.5"), "far": Decimal("0.3")}
    moves.change_arms(by_device, weights=weights, why="A test.", **BY)
    moves.kill_arm(targeted, variant="far", **BY)
    for n in range(0, 100, 2):
        set_override(targeted, user=f"person-{4 * n + 1}", variant="near", **BY)
    routed(set_override, by_device, user="person-0", variant="near", **BY)


def place(key: str, popular: Recommender, layer: Layer | None = None) -> Placement:
    return places.create_placement(
        key=key, name=key, default_recommender=popular, layer=layer, **BY
    )


def started(name: str, placement: Placement, traffic: str, **given: Any) -> Experiment:
    """Of three arms, of which the last serves what the first does."""
    arms = [
        VariantSpec(
            recommender=Recommender.objects.get(key=served), weight=Decimal(weight), key=key
        )
        for key, served, weight in ARMS
    ]
    draft = drafts.Draft(
        name=name,
        placement=placement,
        variants=arms,
        measurement=Measurement(goals=("ctr",)),
        traffic=Decimal(traffic),
        **given,
    )
    return routed(moves.start, drafts.create_experiment(draft, **BY), **BY)
