"""An example of each body, as a value of the type that is decoded or encoded: one that no longer
fits its type does not type-check, and a test holds each against its schema.
"""

from __future__ import annotations

from typing import Any

import msgspec

from api.examples import doors, management
from api.examples.refusals import REFUSALS

EXAMPLES: dict[str, object] = {
    type(value).__name__: value for value in (*doors.BODIES, *management.BODIES)
}
PAGES = {f"{type(value).__name__}Page": value for value in management.LISTED}
"""Of each page, its one entry."""


def add(paths: dict[str, Any]) -> None:
    """Puts an example beside each body of each operation."""
    for operations in paths.values():
        for operation in operations.values():
            _of(operation.get("requestBody", {}), None)
            for status, response in operation["responses"].items():
                _of(response, status)


def _of(body: dict[str, Any], status: str | None) -> None:
    for content in body.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        example = REFUSALS.get(status or "") if name == "Problem" else _example(name)
        if example is not None:
            content["example"] = msgspec.json.decode(msgspec.json.encode(example))


def _example(name: str) -> object | None:
    if name in PAGES:
        return {"data": [PAGES[name]], "next": None}
    return EXAMPLES.get(name)
