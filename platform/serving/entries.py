"""Which entry of an object msgspec's message is about: it says `[...]`, and not the name.

The entry is found by asking again with half of the entries at a time. Only what is refused is asked
so, and all of the asking reads about as much as the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

UNNAMED = "..."


def named(steps: Sequence[str], message: str, type_: type, sent: bytes) -> Sequence[str]:
    """The steps with the name of the entry at their first `...`; as they are where it is not found.

    `message` is what is wrong with `sent` as JSON of `type_`.
    """
    if UNNAMED not in steps or not sent:
        return steps
    at = steps.index(UNNAMED)
    try:
        document = msgspec.json.decode(sent)
        entries = _at(document, steps[:at])
        name = _found(document, entries, message, type_) if isinstance(entries, dict) else None
    except (msgspec.MsgspecError, LookupError, ValueError, RecursionError):
        return steps
    return steps if name is None else [*steps[:at], name, *steps[at + 1 :]]


def _at(document: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        document = document[int(step) if isinstance(document, list) else step]
    return document


def _found(document: Any, entries: dict[str, Any], message: str, type_: type) -> str | None:
    """Empties and fills `entries`, which are in the document, until one is left."""
    left = list(entries.items())
    while len(left) > 1:
        half = left[: len(left) // 2]
        left = half if _says(document, entries, half, message, type_) else left[len(half) :]
    return left[0][0] if left and _says(document, entries, left, message, type_) else None


def _says(
    document: Any,
    entries: dict[str, Any],
    kept: list[tuple[str, Any]],
    message: str,
    type_: type,
) -> bool:
    """Whether the same is wrong with the document of these entries alone."""
    entries.clear()
    entries.update(kept)
    try:
        msgspec.json.decode(msgspec.json.encode(document), type=type_)
    except msgspec.ValidationError as error:
        return str(error) == message
    return False
