"""Settings to choose among."""

from __future__ import annotations

from itertools import product
from typing import Any


def grid(**values: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Each combination of the values, the last name varying fastest."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
