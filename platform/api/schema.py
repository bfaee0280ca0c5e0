"""OpenAPI from the types that decode and encode the bodies, so that the two cannot differ."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from api import bodies, descriptions
from serving.reported import ReportedExposure

JSON = "application/json"
PROBLEM = "application/problem+json"
BELOW = "#/components/schemas/"
_PAGE = re.compile(r"\bPage[_[](\w+?)[_\]](?=\")")

LEFT_OUT = {f"{BELOW}{name}" for name in ("Moving", "Archiving")}
"""Bodies that are all defaults where there is none."""

COMPONENTS: dict[str, Any] = {}
"""The schemas by name that operations refer to, each from the type that is decoded or encoded."""


@cache
def of(type_: Any) -> dict[str, Any]:
    """The schema of a type. Those that it is made of become components."""
    made = msgspec.json.schema_components([type_], ref_template=f"{BELOW}{{name}}")
    schema: dict[str, Any]
    [schema], components = json.loads(_PAGE.sub(r"\1Page", json.dumps(made)))
    for name, component in components.items():
        if COMPONENTS.setdefault(name, component) != component:
            raise ValueError(f"Two types of the API are called {name}.")
    return schema


of(ReportedExposure)  # which ExposuresRequest refers to by name


def body(type_: Any) -> dict[str, Any]:
    """A request body, as `extend_schema` wants it."""
    return {JSON: of(type_)}


def responses(code: int, type_: Any, *refusals: int) -> dict[Any, Any]:
    """The answer of an operation and the problems it may report instead."""
    return {(code, JSON): of(type_)} | problems(*refusals)


def problems(*codes: int) -> dict[Any, Any]:
    """Why an operation may be refused; for want of a key or a role any may be."""
    return {(code, PROBLEM): of(bodies.Problem) for code in sorted({401, 403, *codes})}


def add_components(result: dict[str, Any], generator: object, **_: object) -> dict[str, Any]:
    """A spectacular hook: the schemas that the operations refer to, with what their fields are."""
    components = copy.deepcopy(COMPONENTS)
    descriptions.describe(components)
    result.setdefault("components", {}).setdefault("schemas", {}).update(components)
    return result


def add_examples(result: dict[str, Any], generator: object, **_: object) -> dict[str, Any]:
    """A spectacular hook: an example of each body, and which bodies cannot be left out."""
    from api import examples  # of types of views, which import this

    examples.add(result["paths"])
    for operations in result["paths"].values():
        for operation in operations.values():
            if taken := operation.get("requestBody"):
                taken["required"] = taken["content"][JSON]["schema"]["$ref"] not in LEFT_OUT
    return result


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.ApiKeyAuthentication"
    name = ["bearer", "header"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer"},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[str]]]:
        return [{"bearer": []}, {"header": []}]
