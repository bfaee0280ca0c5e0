"""Reading an attribute by a dotted path: of an object a field, of a list an index or `length`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def reader(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """What reads the value at `path`, or None where there is none."""
    first, *rest = path.split(".")

    def read(attributes: Mapping[str, Any]) -> Any:
        value = attributes.get(first)
        for step in rest:
            value = _inside(value, step)
        return value

    return read


def _inside(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if not isinstance(value, list):
        return None
    if step == "length":
        return len(value)
    return value[int(step)] if _is_index(step, len(value)) else None


def _is_index(step: str, length: int) -> bool:
    """Whether it is written as JavaScript writes an index: "0" and "10", not "01"."""
    plain = len(step) <= 10 and step.isascii() and step.isdigit()
    return plain and (step == "0" or step[0] != "0") and int(step) < length
