"""OpenAPI from the types that decode and encode the bodies, so that the two cannot differ."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from api import bodies
from events.ingest import Receipt
from serving.reported import ReportedExposure
from serving.routing import RouteRequest, RouteResponse

TYPES = (
    RouteRequest,
    RouteResponse,
    bodies.AssignRequest,
    bodies.AssignResponse,
    bodies.EventsRequest,
    bodies.ExposuresRequest,
    ReportedExposure,
    bodies.ErasureRequest,
    bodies.ErasureState,
    Receipt,
    bodies.Results,
    bodies.Problem,
)
JSON = "application/json"
PROBLEM = "application/problem+json"


@cache
def _components() -> tuple[dict[type, dict[str, Any]], dict[str, Any]]:
    schemas, components = msgspec.json.schema_components(
        TYPES, ref_template="#/components/schemas/{name}"
    )
    return dict(zip(TYPES, schemas, strict=True)), components


def body(type_: type) -> dict[tuple[str, str], Any] | dict[str, Any]:
    """A request body, as `extend_schema` wants it."""
    return {JSON: _components()[0][type_]}


def responses(code: int, type_: type, *problems: int) -> dict[tuple[int, str], Any]:
    """The answer of an operation and the problems it may report instead."""
    schemas = _components()[0]
    answer = {(code, JSON): schemas[type_]}
    return answer | {(p, PROBLEM): schemas[bodies.Problem] for p in (401, 403, *problems)}


def add_components(result: dict[str, Any], generator: object, **_: object) -> dict[str, Any]:
    """A spectacular hook: the schemas that the operations refer to."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update(_components()[1])
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
