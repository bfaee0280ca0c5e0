"""An example of each body, as a value of the type that is decoded or encoded: one that no longer
fits its type does not type-check, and a test holds each against its schema.
"""

from __future__ import annotations

from typing import Any

import msgspec

from api.bodies import Problem
from api.examples import doors, management
from api.examples.refusals import JOURNALS_FULL, REFUSALS
from serving.access import CLIENT_DOORS

EXAMPLES: dict[str, object] = {
    type(value).__name__: value for value in (*doors.BODIES, *management.BODIES)
}
PAGES = {f"{type(value).__name__}Page": value for value in management.LISTED}
"""Of each page, its one entry."""


def add(paths: dict[str, Any]) -> None:
    """Puts an example beside each body of each operation."""
    for path, operations in paths.items():
        refusals = REFUSALS | (JOURNALS_FULL if path.endswith(CLIENT_DOORS) else {})
        for operation in operations.values():
            _of(operation.get("requestBody", {}), None)
            for status, response in operation["responses"].items():
                _of(response, refusals.get(status))


def _of(body: dict[str, Any], refusal: Problem | None) -> None:
    for content in body.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        example = refusal if name == "Problem" else _example(name)
        if example is not None:
            content["example"] = msgspec.json.decode(msgspec.json.encode(example))


def _example(name: str) -> object | None:
    if name in PAGES:
        return {"data": [PAGES[name]], "next": None}
    return EXAMPLES.get(name)
