"""What a caller says of a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

MOST_VALUES = 100

Scalar = str | int | float | bool
Attribute = Scalar | Annotated[list[Scalar], msgspec.Meta(max_length=MOST_VALUES)]
Attributes = Annotated[dict[str, Attribute], msgspec.Meta(max_length=50)]


def as_logged(attributes: Mapping[str, Attribute]) -> dict[str, str]:
    """Each value as the log has it: text as it is, all else as JSON writes it."""
    return {name: _text(value) for name, value in attributes.items()}


def _text(value: Attribute) -> str:
    if isinstance(value, bool | list):
        return msgspec.json.encode(value).decode()
    return str(value)
