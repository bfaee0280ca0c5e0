"""What fields are, for the OpenAPI description, where their types know of no HTTP."""

from __future__ import annotations

from typing import Any

from api.descriptions.everywhere import EVERYWHERE
from api.descriptions.managed import MANAGED
from api.descriptions.results import RESULTS
from api.descriptions.serving import SERVING

OF = SERVING | RESULTS | MANAGED


def describe(components: dict[str, Any]) -> None:
    """Says of each field of each component what it is, where its type does not."""
    for name, component in components.items():
        for field, schema in component.get("properties", {}).items():
            said = OF.get(name, {}).get(field) or EVERYWHERE.get(field)
            if said:
                schema.setdefault("description", said)
