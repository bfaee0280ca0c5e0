"""Attributes and devices decide the same at every door."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from experiments.models import Experiment, Layer
from serving import plans

pytestmark = pytest.mark.django_db(transaction=True)


def post(api: Client, door: str, body: dict[str, Any]) -> Any:
    return api.post(f"/api/v1/{door}", body, content_type="application/json").json()


def changed(*, unit: str = "user", condition: dict[str, Any] | None = None) -> None:
    Layer.objects.update(unit=unit)
    Experiment.objects.update(condition=condition)
    plans.publish()


def told(api: Client, user: str, **said: object) -> list[tuple[str, str | None]]:
    """Reason and variant, by /assign and by /route."""
    [home] = post(api, "assign", {"user": user, **said})["assignments"]
    routed = post(api, "route", {"user": user, "placement": "home", **said})
    return [(answer["reason"], answer["variant"]) for answer in (home, routed)]


def exposed(api: Client, request_id: str, user: str, variant: str, **said: object) -> Any:
    exposure = {
        "request_id": request_id,
        "user": user,
        "experiment": "home-ctr",
        "variant": variant,
        "items": ["a-item-0"],
    }
    return post(api, "exposures", {"exposures": [exposure | said]})


def test_a_condition_decides_alike_at_every_door(api: Client) -> None:
    changed(condition={"country": "NL", "tags": {"$all": ["new"]}})
    here = {"attributes": {"country": "NL", "tags": ["new", "mobile"]}}
    there = {"attributes": {"country": "BE", "tags": ["new"]}}

    inside, outside = told(api, "u1", **here), told(api, "u1", **there)

    assert outside == [("not_targeted", None)] * 2
    [(reason, variant), routed] = inside
    assert variant is not None
    assert (reason, routed) == ("split", (reason, variant))
    assert exposed(api, "r1", "u1", variant, **here)["accepted"] == 1
    [refused] = exposed(api, "r2", "u1", variant, **there)["rejected"]
    assert refused["field"] == "user"
    assert refused["error"].endswith("gives this user no variant of home-ctr: not_targeted.")


def test_a_device_decides_alike_at_every_door(api: Client) -> None:
    changed(unit="device")
    by_device = {n: told(api, "a visitor", device=f"d{n}") for n in range(20)}

    assert len({variant for [(_, variant), _] in by_device.values()}) == 2
    for n, answers in by_device.items():
        assert told(api, f"u{n}", device=f"d{n}") == answers
        [(_, variant), routed] = answers
        assert routed == ("split", variant)
        assert variant is not None
        assert exposed(api, f"r{n}", f"u{n}", variant, device=f"d{n}")["accepted"] == 1
