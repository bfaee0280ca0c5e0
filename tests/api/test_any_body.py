"""No body and no query, however odd, makes a door fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_over_http"),
]

FIELDS = (
    *("user", "placement", "k", "attributes", "device", "exclude", "context", "request_id"),
    *("events", "exposures"),
)
EXPOSURE_FIELDS = (
    *("request_id", "user", "experiment", "variant", "items", "phase", "model_version"),
    *("attributes", "device", "latency_ms", "at"),
)
EVENT_FIELDS = ("id", "type", "user", "item", "request_id", "value", "properties", "at")
DOORS = ("route", "assign", "events", "exposures", "experiments/home-ctr/results")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["u1", "home", "click", "2026-11-24T12:00:00Z", "9999-12-31T23:59:59-23:59"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
exposures = st.dictionaries(st.sampled_from(EXPOSURE_FIELDS), values)
events = st.dictionaries(st.sampled_from(EVENT_FIELDS), values)
near_misses = st.dictionaries(st.sampled_from(FIELDS), values) | st.fixed_dictionaries(
    {"events": st.lists(events | values, max_size=3)}
)
near_misses |= st.fixed_dictionaries({"exposures": st.lists(exposures | values, max_size=3)})
valid_but_for_one = st.builds(
    lambda field, value: {"user": "u1", "placement": "home", field: value},
    st.sampled_from(FIELDS),
    values,
)
bodies = st.binary(max_size=64) | (values | near_misses | valid_but_for_one).map(
    lambda body: json.dumps(body).encode()
)


def assert_answered(response: Any) -> None:
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"


any_client = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@any_client
@example(body=b'{"user": "\\ud800", "placement": "home"}')
@example(body=b'{"user": "u1", "placement": "home", "attributes": {"a": %s}}' % (b"9" * 4300))
@example(body=b'{"events": [%s]}' % (b"9" * 5000))
@example(
    body=b'{"events": [{"id": "e", "type": "click", "user": "u", "value": 1%s}]}' % (b"0" * 400)
)
@example(body=b'{"user": "u1", "placement": "home", "attributes": {"a": %s}}' % (b"9" * 4301))
@example(body=b'{"events": ' + b"[" * 5000)
@given(body=bodies)
def test_any_body_is_answered(api: Client, body: bytes) -> None:
    for door in DOORS:
        address = f"/api/v1/{door}"
        assert_answered(api.post(address, body, content_type="application/json"))


@any_client
@given(query=st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=8)))
def test_any_query_is_answered(api: Client, query: dict[str, str]) -> None:
    for given_ in (query, {"user": "u1", "placement": "home"} | query):
        assert_answered(api.get("/api/v1/route", given_))
