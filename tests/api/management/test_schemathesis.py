"""Whatever the description allows, and much that it does not, is answered as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from experiments.models import Experiment
from serving import plans
from serving.access import ClientAccess, ServerAccess
from serving.keys import create_key
from serving.models import ApiKey
from tests.api.management.conftest import Caller

SCHEMA = schemathesis.openapi.from_dict(
    SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
)
SCHEMA.app = get_wsgi_application()
FOUND: list[Any] = [*SCHEMA.get_all_operations()]
OPERATIONS = [found.ok() for found in FOUND]
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
THERE: dict[str, dict[str, Any]] = {
    "experiments": {"key": "home-ctr", "variant": "item-knn", "user": "qa"},
    "placements": {"key": "home"},
    "layers": {"key": "home"},
    "holdouts": {"key": "held"},
    "metrics": {"key": "spend"},
    "recommenders": {"key": "popular", "number": 1},
    "items": {"key": "i1"},
    "people": {"name": "ada"},
    "keys": {"number": 9000},
}
"""By the first word of an address, what is there to be found."""

EXAMPLES = settings(max_examples=15, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def secret(admin: Caller, started: Experiment) -> str:
    """Of a key that may do all, in a world with one of each."""
    own = {"key": "spend", "name": "Spend", "kind": "mean", "numerator": {"source": "items"}}
    for door, body in (
        ("holdouts", {"key": "held", "name": "Held", "share": 0.1}),
        ("metrics", own),
        ("items", {"items": [{"item": "i1", "title": "One"}]}),
        ("experiments/home-ctr/overrides", {"user": "qa", "variant": "popular"}),
    ):
        assert admin.post(door, body).status_code in (200, 201)
    User.objects.create_user("ada")
    published, _ = create_key("app", ClientAccess())
    ApiKey.objects.filter(pk=published.pk).update(id=THERE["keys"]["number"])
    _, made = create_key("any", ServerAccess())
    plans.announce()
    return made


def cases(operation: Any) -> st.SearchStrategy[Any]:
    """Requests that fit the description, that do not, and the example of it."""
    by_mode = [operation.as_strategy(mode) for mode in GenerationMode]
    return st.one_of(*by_mode, *operation.get_strategies_from_examples())


def find_something(case: Any) -> None:
    """Fills the address with what is there."""
    there = THERE.get(case.operation.path.split("/")[3], {})
    case.path_parameters |= {k: v for k, v in there.items() if k in case.path_parameters}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_any_request_is_answered_as_described(secret: str, operation: Any) -> None:
    seen = set()

    @EXAMPLES
    @given(case=cases(operation), found=st.integers(0, 3), any_state=st.booleans())
    def run(case: Any, found: int, any_state: bool) -> None:
        if found:
            find_something(case)
        headers = {"Authorization": f"Bearer {secret}"}
        headers |= {"If-Match": "*"} if any_state else {}
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKED, headers=headers)

    run()
    assert 401 not in seen


def examples() -> Iterator[Any]:
    for operation in OPERATIONS:
        for body in operation.definition.raw.get("requestBody", {}).get("content", {}).values():
            yield pytest.param(operation, body["example"], id=operation.label)


@pytest.mark.parametrize(("operation", "body"), [*examples()])
def test_an_example_is_taken_or_comes_too_late(secret: str, operation: Any, body: object) -> None:
    """What it makes may be there already, and not every move is open to this experiment."""
    case = operation.Case(body=body, media_type="application/json")
    case.path_parameters = dict.fromkeys(re.findall(r"{(\w+)}", operation.path))
    find_something(case)
    answer = case.call(headers={"Authorization": f"Bearer {secret}", "If-Match": "*"})
    assert answer.status_code in (200, 201, 202, 409), answer.text
