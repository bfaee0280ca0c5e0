"""No body, however odd, makes a management door fail or change something by halves."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.examples import EXAMPLES
from experiments.models import Experiment
from tests.api.management.conftest import Caller, Draft, everything
from tests.api.test_any_body import bodies, values

pytestmark = pytest.mark.usefixtures("as_over_http")

DOORS = {
    ("POST", "placements"): "NewPlacement",
    ("PATCH", "placements/home"): "PlacementChange",
    ("PATCH", "placements/home/rules"): "RulesChange",
    ("POST", "layers"): "NewLayer",
    ("POST", "holdouts"): "NewHoldout",
    ("POST", "experiments"): "NewExperiment",
    ("PATCH", "experiments/plan"): "ExperimentChange",
    ("POST", "experiments/home-ctr/traffic"): "Traffic",
    ("POST", "experiments/home-ctr/ramp"): "Ramping",
    ("POST", "experiments/home-ctr/schedule"): "Schedule",
    ("PATCH", "experiments/home-ctr/variants"): "Rearranging",
    ("POST", "experiments/home-ctr/overrides"): "Override",
    ("POST", "metrics"): "Metric",
    ("POST", "recommenders"): "NewRecommender",
    ("PATCH", "recommenders/item-knn"): "RecommenderChange",
    ("POST", "items"): "ItemsBatch",
    ("POST", "keys"): "NewKey",
}


def steps(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a body."""
    match body:
        case dict():
            inner = list(body.items())
        case list():
            inner = list(enumerate(body))
        case _:
            inner = []
    return [path, *(found for step, one in inner for found in steps(one, (*path, step)))]


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The body with another value at the path."""
    if not path:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = replaced(body[path[0]], path[1:], value)
    return copy


@st.composite
def near_misses(draw: st.DrawFn) -> tuple[tuple[str, str], bytes]:
    """A door and a body of its own, odd in one place."""
    door = draw(st.sampled_from(list(DOORS)))
    body = json.loads(msgspec.json.encode(EXAMPLES[DOORS[door]]))
    odd = replaced(body, draw(st.sampled_from(steps(body))), draw(values))
    return door, json.dumps(odd).encode()


anything = st.tuples(st.sampled_from(list(DOORS)), bodies)
deep = b'{"a":' * 900 + b"1" + b"}" * 900


@pytest.fixture
def world(started: Experiment, draft: Draft) -> None:
    """One that runs, home-ctr, and one to be made otherwise."""
    draft("Plan", key="plan")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(sent=(("POST", "experiments"), b'{"condition": {"a": %s}}' % (b"9" * 5000)))
@example(sent=(("PATCH", "experiments/plan"), b'{"condition": %s}' % deep))
@example(sent=(("PATCH", "experiments/plan"), b'{"condition": {"a": "\\u0000"}, "x": %s}' % deep))
@example(sent=(("PATCH", "experiments/plan"), b'{"condition": {"a": "\\ud800"}}'))
@example(
    sent=(("POST", "recommenders"), b'{"key": "a", "algorithm": "item_knn", "config": {"": 1}}')
)
@given(sent=near_misses() | anything)
def test_any_body_is_answered_and_a_refused_one_changes_nothing(
    admin: Caller, world: None, sent: tuple[tuple[str, str], bytes]
) -> None:
    (method, address), body = sent
    before = everything()
    with transaction.atomic():
        answer = admin.send_bytes(method, address, body, tag="*")
        after = everything()
        transaction.set_rollback(True)

    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert after == before
