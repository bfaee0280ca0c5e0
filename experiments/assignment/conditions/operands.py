"""What an operator may be given."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from experiments.assignment.conditions.where import Where

Scalar: TypeAlias = "str | int | float | bool | None"

MOST_VALUES = 1_000
LARGEST = 2**53  # beyond which JavaScript has no whole numbers


def scalar(value: object, where: Where) -> Scalar:
    """Text, a number, true, false or null. Raises Invalid."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, where)
    if isinstance(value, int | float):
        return _number(value, where)
    raise where.refused(f"Give text, a number, true, false or null here, not {_kind(value)}.")


def scalars(value: object, where: Where) -> list[Scalar]:
    """Raises Invalid where it is no list of 1 to 1,000 scalars."""
    return [scalar(one, where.step(place)) for place, one in enumerate(values(value, where))]


def values(value: object, where: Where) -> list[Any]:
    """Raises Invalid where it is no list of 1 to 1,000."""
    if not isinstance(value, list):
        raise where.refused(f"Give a list here, not {_kind(value)}.")
    if not 1 <= len(value) <= MOST_VALUES:
        raise where.refused(f"Give a list of 1 to {MOST_VALUES} here; this one has {len(value)}.")
    return value


def text(value: str, where: Where) -> str:
    """Raises Invalid for what a database could not store."""
    if "\0" in value:
        raise where.refused("Text must not hold the NUL character (U+0000).")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise where.refused("This is no Unicode text: it holds half a character.") from None
    return value


def fields(value: dict[Any, Any], where: Where) -> list[tuple[str, Any]]:
    """The names and values of an object. Raises Invalid for a name that is no text."""
    if not all(isinstance(name, str) for name in value):
        raise where.refused("The names of an object are text.")
    return list(value.items())


def orderable(value: object, where: Where) -> str | int | float:
    """Raises Invalid for all but text and numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise where.refused(
            f"Give text or a number here, not {_kind(value)}: only they have an order."
        )
    return text(value, where) if isinstance(value, str) else _number(value, where)


def boolean(value: object, where: Where) -> bool:
    if not isinstance(value, bool):
        raise where.refused(f"Give true or false here, not {_kind(value)}.")
    return value


def _number(value: int | float, where: Where) -> int | float:
    if isinstance(value, int) and abs(value) > LARGEST:
        raise where.refused("Give a whole number between -2**53 and 2**53.")
    if not math.isfinite(value):
        raise where.refused("Give a number that is finite.")
    return value


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "an object"
    return f"a {type(value).__name__}"
