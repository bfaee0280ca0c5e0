"""The one character that no text may hold: NUL. PostgreSQL takes it in no text and in no JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

NUL = "\0"
NO_NUL = "must not hold the NUL character (U+0000)"

_ESCAPED = rb"\u0000"


def may_hold_nul(text: bytes | msgspec.Raw) -> bool:
    """Whether JSON text can hold a NUL: there it is an escape, never the byte. An escaped backslash
    before `u0000` looks the same, so True is a reason to look at what was decoded.
    """
    return _ESCAPED in bytes(text)


def nul_in(value: object) -> list[str] | None:
    """The steps to the first text with a NUL in decoded JSON, or None. A key that holds one is
    named by where its object is. What is still undecoded (msgspec.Raw) is not looked at.
    """
    if isinstance(value, str):
        return [] if NUL in value else None
    for step, inner in _inside(value):
        if NUL in step:
            return []
        if (steps := nul_in(inner)) is not None:
            return [step, *steps]
    return None


def _inside(value: object) -> Iterable[tuple[str, Any]]:
    match value:
        case msgspec.Struct():
            return ((name, getattr(value, name)) for name in value.__struct_fields__)
        case dict():
            return value.items()
        case list() | tuple():
            return ((str(place), inner) for place, inner in enumerate(value))
    return ()
