"""The description of the API is whole: each door, field, refusal and example is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from api import urls

DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
    request=None, public=True
)
COMPONENTS = DOCUMENT["components"]["schemas"]
METHODS = ("get", "post", "put", "patch", "delete")
WITHOUT_DATABASE = ("/route", "/assign", "/users/{user}/assignments")
"""Ends of the addresses that answer while the database is away, and take nothing in."""


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in DOCUMENT["paths"].items():
        for method, operation in found.items():
            yield path, method, operation


def contents() -> Iterator[Any]:
    """Every body that is asked for or answered."""
    for path, method, operation in operations():
        bodies = {"request": operation.get("requestBody", {})} | operation["responses"]
        for which, body in bodies.items():
            for content in body.get("content", {}).values():
                yield pytest.param(content, id=f"{method} {path} {which}")


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.1"
    validate_schema(DOCUMENT)  # type: ignore[no-untyped-call]


def test_it_has_every_method_of_every_address() -> None:
    routed = set()
    for pattern in urls.urlpatterns:
        address, callback = str(pattern.pattern), pattern.callback
        if address == "<path:rest>":
            continue
        path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", address)
        view: Any = getattr(callback, "view_class", None)
        routed |= {(path, method) for method in METHODS if hasattr(view, method)}
    assert {(path, method) for path, method, _ in operations()} == routed


def test_each_operation_says_what_it_does_and_how_it_is_refused() -> None:
    names = [operation["operationId"] for *_, operation in operations()]
    assert sorted(set(names)) == sorted(names)
    lacking = []
    for path, method, operation in operations():
        needed = {"401", "403"}
        needed |= {"404"} if "{" in path and "/users/" not in path else set()
        needed |= {"400", "413"} if "requestBody" in operation else set()
        needed |= {"412", "428"} if method in ("put", "patch", "delete") else set()
        needed |= set() if path.endswith(WITHOUT_DATABASE) else {"503"}
        if missing := needed - set(operation["responses"]):
            lacking.append((path, method, missing))
        if not (operation.get("summary") and operation.get("description") and operation["tags"]):
            lacking.append((path, method, {"words"}))
    assert lacking == []


def test_each_field_is_described() -> None:
    assert [
        (name, field)
        for name, component in COMPONENTS.items()
        for field, schema in component.get("properties", {}).items()
        if not schema.get("description")
    ] == []
    assert [
        (path, method, parameter["name"])
        for path, method, operation in operations()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description") and parameter["in"] != "path"
    ] == []


@pytest.mark.parametrize("content", [*contents()])
def test_each_body_has_an_example_that_fits_its_schema(content: dict[str, Any]) -> None:
    schema = content["schema"] | {"components": {"schemas": COMPONENTS}}
    jsonschema.Draft202012Validator(schema).validate(content["example"])


def test_the_body_of_a_move_can_be_left_out_and_no_other() -> None:
    optional = {
        operation["operationId"]
        for *_, operation in operations()
        if not operation.get("requestBody", {}).get("required", True)
    }
    assert optional == {
        *("start_experiment", "pause_experiment", "resume_experiment", "stop_experiment"),
        *("archive_experiment", "kill_variant", "advance_ramp", "cancel_ramp"),
        *("end_holdout", "revoke_key", "archive_metric", "restore_metric", "train"),
        "roll_back",
    }
