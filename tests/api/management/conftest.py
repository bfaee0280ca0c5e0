"""A world without real models, callers of each role, and a picture of all that can be changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core import serializers
from django.test import Client

from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.models import (
    Experiment,
    Holdout,
    Layer,
    Membership,
    MetricDefinition,
    Override,
    Phase,
    Placement,
    Variant,
)
from people.models import AuditEntry, Person
from people.roles import Role
from recommenders.models import Item, ModelVersion, Recommender, Training
from serving import plans
from serving.access import ServerAccess
from serving.keys import create_key
from serving.models import ApiKey, PublishedPlan
from tests.acting import create_experiment, create_placement, start_experiment
from tests.installation import NOW

KEPT = (
    *(Experiment, Holdout, Layer, Membership, MetricDefinition, Override, Phase, Placement),
    *(Variant, AuditEntry, Person, Item, Recommender, Training, ApiKey, PublishedPlan),
)

Draft = Callable[..., Experiment]


class Caller:
    """Calls the API with one key."""

    def __init__(self, client: Client, role: Role = Role.ADMIN) -> None:
        _, secret = create_key(role.value, ServerAccess(role=role))
        plans.announce()  # as the commit does, which most tests here never come to
        self._client, self._headers = client, {"authorization": f"Bearer {secret}"}

    def get(self, address: str, **query: Any) -> Any:
        return self._client.get(f"/api/v1/{address}", query, headers=self._headers)

    def send(
        self, method: str, address: str, body: object = None, *, tag: str | None = None
    ) -> Any:
        written = b"" if body is None else json.dumps(body).encode()
        return self.send_bytes(method, address, written, tag=tag)

    def send_bytes(self, method: str, address: str, body: bytes, *, tag: str | None) -> Any:
        headers = self._headers | ({} if tag is None else {"if-match": tag})
        return self._client.generic(
            method, f"/api/v1/{address}", body, content_type="application/json", headers=headers
        )

    def post(self, address: str, body: object = None, *, tag: str | None = None) -> Any:
        return self.send("POST", address, body, tag=tag)

    def patch(self, address: str, body: object, *, tag: str | None = None) -> Any:
        """With the tag of the present state, where none is given."""
        return self.send("PATCH", address, body, tag=tag or self.get(address)["ETag"])

    def unless(self, address: str, tag: str) -> Any:
        headers = self._headers | {"if-none-match": tag}
        return self._client.get(f"/api/v1/{address}", headers=headers)


@pytest.fixture
def admin(db: None, client: Client) -> Caller:
    return Caller(client)


def recommender(key: str) -> Recommender:
    """One with a model version that has no artefact: nothing here asks it anything."""
    made = Recommender.objects.create(key=key, algorithm="popularity")
    made.live = ModelVersion.objects.create(
        recommender=made,
        number=1,
        folder=f"{key}/1",
        checksum="0" * 64,
        size_bytes=1,
        data_from=NOW,
        data_until=NOW,
        interactions=3,
        users=2,
        items=1,
        metrics={"ndcg@10": 0.25},
    )
    made.save()
    return made


@pytest.fixture
def home(db: None) -> Placement:
    """A placement of `popular`, beside which there is `item-knn`."""
    recommender("item-knn")
    return create_placement(key="home", name="Home", default_recommender=recommender("popular"))


@pytest.fixture
def draft(home: Placement) -> Draft:
    """Makes drafts on `home` of `popular` against `item-knn`, half and half."""

    def make(name: str = "Home CTR", **given: Any) -> Experiment:
        arms = [Recommender.objects.get(key=key) for key in ("popular", "item-knn")]
        fields = {
            "placement": home,
            "variants": [VariantSpec(recommender=arm, weight=Decimal("0.5")) for arm in arms],
            "measurement": Measurement(goals=("ctr",)),
            "traffic": Decimal("0.4"),
        }
        return create_experiment(name=name, **(fields | given))

    return make


@pytest.fixture
def started(draft: Draft) -> Experiment:
    """home-ctr, running since NOW with 40% of the users."""
    return start_experiment(draft(), now=NOW)


def everything() -> str:
    """All that can be changed, as it is."""
    rows = [row for model in KEPT for row in model._base_manager.order_by("pk")]
    return str(serializers.serialize("json", rows))


def assert_refused(
    answer: Any, status: int, pointer: str | None, detail: str, *, before: str
) -> None:
    """A problem that names the field and says what is allowed, and nothing changed."""
    body = answer.json()
    assert answer.status_code == status, body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["detail"] == detail
    found = [(one["pointer"], one["detail"]) for one in body.get("errors", [])]
    assert found == ([] if pointer is None else [(pointer, detail)])
    assert everything() == before
