"""msgspec's validation errors as a JSON pointer and a sentence: which field, and what is allowed.

What is allowed is read off the type itself, so a sentence cannot differ from the check. A message
of a form that is not known here is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import inspect

from events.pointers import pointer
from events.texts import NO_NUL
from serving.entries import UNNAMED, named
from serving.kinds import allowed, bounds, inner, listed, struct_of

_AT_PATH = re.compile(r"^(?P<said>.*) - at `(?P<key>key in )?\$(?P<path>[^`]*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TYPE = re.compile(r"Expected `[^`]+`, got `([^`]+)`")
_BOUND = re.compile(r"Expected `[^`]+` (?:of length )?[<>]=? .+|.+ out of range")
_OTHER = re.compile(
    r"Invalid enum value .+|Invalid RFC3339 encoded datetime|Expected `datetime` with .+", re.DOTALL
)

LONGEST_ECHO = 64  # characters of a name that the caller made up
CAME = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with decimals",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}

Steps = Sequence[str]


def explain(message: str, type_: type, *, whole: str, sent: bytes = b"") -> tuple[str, str]:
    """The pointer (RFC 6901) of the field that `message` is about, and the sentence about it.

    `whole` is what the value of `type_` is called where no field of it is meant: "this request".
    `sent` is the JSON that was refused, where there is any: entries of objects are named by it.
    """
    said, unnamed = _split(message)
    steps = named(unnamed, message, type_, sent)
    kind = _kind_at(inspect.type_info(type_), steps)
    for pattern, word in _FORMS:
        found = pattern.fullmatch(said)
        sentence = word(found, steps, kind, whole) if found and kind else None
        if found and sentence:
            added = [found[1]] if word in (_missing, _unknown) else []
            return pointer(*_known([*steps, *added])), sentence
    return pointer(*_known(steps)), f"{said}."


def found_nul(steps: Steps, *, whole: str) -> tuple[str, str]:
    """The pointer of the text at `steps` that holds a NUL, and the sentence about it."""
    return pointer(*steps), f"{_name(steps, whole)} {NO_NUL}."


def _known(steps: Steps) -> Steps:
    """Up to the first step that msgspec does not name: an entry of an object."""
    return steps[: steps.index(UNNAMED)] if UNNAMED in steps else steps


def _split(message: str) -> tuple[str, list[str]]:
    found = _AT_PATH.match(message)
    if found is None:
        return message, []
    steps = [field or index for field, index in _STEP.findall(found["path"])]
    return found["said"], [*steps, UNNAMED] if found["key"] else steps


def _kind_at(kind: inspect.Type | None, steps: Steps) -> inspect.Type | None:
    for step in steps:
        kind = inner(kind, step) if kind else None
    return kind


def _name(steps: Steps, whole: str) -> str:
    if not steps:
        return f"{whole[:1].upper()}{whole[1:]}"
    if UNNAMED in steps:
        of, last = steps[: steps.index(UNNAMED)], steps[-1]
        which = "A value" if last == UNNAMED else "An entry of a value"
        return f"{which} in {_name(of, whole)}"
    parts = (f"[{step}]" if step.isdigit() else f".{step}" for step in steps)
    return _short("".join(parts).lstrip("."))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_ECHO else f"{name[:LONGEST_ECHO]}…"


def _missing(found: re.Match[str], steps: Steps, kind: inspect.Type, whole: str) -> str | None:
    return f"{_name([*steps, found[1]], whole)} is missing."


def _unknown(found: re.Match[str], steps: Steps, kind: inspect.Type, whole: str) -> str | None:
    struct = struct_of(kind)
    if struct is None:
        return None
    fields = ", ".join(field.encode_name for field in struct.fields)
    where = _name(steps, whole) if steps else whole
    return f"{_short(found[1])} is not a field of {where}; it takes {fields}."


def _type(found: re.Match[str], steps: Steps, kind: inspect.Type, whole: str) -> str | None:
    wanted, came = allowed(kind), CAME.get(found[1])
    return f"{_name(steps, whole)} must be {wanted}, not {came}." if wanted and came else None


def _bound(found: re.Match[str], steps: Steps, kind: inspect.Type, whole: str) -> str | None:
    limits = bounds(listed(kind) if "`array`" in found[0] else kind)
    return f"{_name(steps, whole)} must {limits}." if limits else None


def _other(found: re.Match[str], steps: Steps, kind: inspect.Type, whole: str) -> str | None:
    wanted = allowed(kind)
    return f"{_name(steps, whole)} must be {wanted}." if wanted else None


Word = Callable[[re.Match[str], Steps, inspect.Type, str], str | None]
_FORMS: tuple[tuple[re.Pattern[str], Word], ...] = (
    (_MISSING, _missing),
    (_UNKNOWN, _unknown),
    (_TYPE, _type),
    (_BOUND, _bound),
    (_OTHER, _other),
)
