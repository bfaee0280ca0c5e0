"""Where in a body something is wrong, as a JSON pointer (RFC 6901)."""

from __future__ import annotations

import re

import msgspec

_AT_PATH = re.compile(r"^(?P<message>.*) - at `(?:key in )?\$?(?P<steps>[^`]*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_NAMED = re.compile(r"(?:missing required|contains unknown) field `([^`]+)`")


def locate(error: msgspec.ValidationError) -> tuple[str, str]:
    """The pointer to the field that msgspec refused, and its reason as a sentence.

    A field that is missing or unknown is itself what the pointer names.
    """
    found = _AT_PATH.match(str(error))
    message = found["message"] if found else str(error)
    steps = [a or b for a, b in _STEP.findall(found["steps"])] if found else []
    named = _NAMED.search(message)
    return pointer(*steps, *([named[1]] if named else [])), f"{message}."


def pointer(*steps: object) -> str:
    """The pointer of the steps from the root; empty for the whole document."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
