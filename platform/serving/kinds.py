"""What a type allows, in words: read off msgspec's own description of it."""

from __future__ import annotations

from msgspec import inspect

Sized = inspect.StrType | inspect.ListType | inspect.DictType
Numeric = inspect.IntType | inspect.FloatType

_UNITS: dict[type, tuple[str, str]] = {
    inspect.StrType: ("text", "character"),
    inspect.ListType: ("a list", "entry"),
    inspect.DictType: ("an object", "entry"),
}


def bare(kind: inspect.Type) -> inspect.Type:
    """The type without what is only said about it."""
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def allowed(kind: inspect.Type) -> str | None:
    """A value of the type: `a whole number from 1 to 100`; None for a type not known here."""
    match bare(kind):
        case inspect.UnionType() as union:
            return _one_of(union)
        case inspect.IntType() | inspect.FloatType() as number:
            whole = "a whole number" if isinstance(number, inspect.IntType) else "a number"
            return f"{whole}{_from(number)}"
        case inspect.StrType() | inspect.ListType() | inspect.DictType() as sized:
            noun, _ = _UNITS[type(sized)]
            size = _size(sized)
            return f"{noun} of {size}" if size else noun
        case inspect.StructType():
            return "an object"
        case inspect.BoolType():
            return "true or false"
        case inspect.NoneType():
            return "null"
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case inspect.DateTimeType():
            return "a time in ISO 8601 with a time zone, such as 2026-11-24T12:00:00Z"
    return None


def bounds(kind: inspect.Type) -> str | None:
    """What must hold of a value of the right type: `be 1 to 100`, `have 1 to 256 characters`."""
    match _plain(kind):
        case inspect.IntType() | inspect.FloatType() as number:
            limits = _from(number).removeprefix(" from").strip()
            return f"be {limits}" if limits else "be a number that fits 64 bits"
        case inspect.StrType() | inspect.ListType() | inspect.DictType() as sized:
            size = _size(sized)
            return f"have {size}" if size else None
        case inspect.UnionType(types=kinds):
            said = [words for kind in kinds if (words := bounds(kind))]
            return said[0] if len(said) == 1 else "be within the range of its kind"
    return None


def inner(kind: inspect.Type, step: str) -> inspect.Type | None:
    """The type of a field or of an entry."""
    match _plain(kind):
        case inspect.StructType(fields=fields):
            return next((field.type for field in fields if field.encode_name == step), None)
        case inspect.ListType(item_type=entry):
            return entry
        case inspect.DictType(value_type=entry):
            return entry
        case inspect.UnionType(types=kinds):
            return next((found for one in kinds if (found := inner(one, step))), None)
    return None


def struct_of(kind: inspect.Type) -> inspect.StructType | None:
    """The type with fields that it is, or that it may be among others."""
    return next((one for one in _kinds(kind) if isinstance(one, inspect.StructType)), None)


def listed(kind: inspect.Type) -> inspect.Type:
    """Of a type that may be a list among others, the list's; any other as it is."""
    return next((one for one in _kinds(kind) if isinstance(one, inspect.ListType)), kind)


def _plain(kind: inspect.Type) -> inspect.Type:
    """Of a type that may also be null, the type."""
    others = [one for one in _kinds(kind) if not isinstance(one, inspect.NoneType)]
    return others[0] if len(others) == 1 else bare(kind)


def _kinds(kind: inspect.Type) -> list[inspect.Type]:
    """The types that it may be."""
    whole = bare(kind)
    return [bare(one) for one in whole.types] if isinstance(whole, inspect.UnionType) else [whole]


def _one_of(union: inspect.UnionType) -> str | None:
    kinds = _kinds(union)
    if any(isinstance(kind, inspect.FloatType) for kind in kinds):  # which takes whole numbers too
        kinds = [kind for kind in kinds if not isinstance(kind, inspect.IntType)]
    said = [allowed(kind) for kind in kinds]
    known = [words for words in said if words]
    if len(known) < len(said):
        return None
    return " or ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)


def _from(kind: Numeric) -> str:
    if kind.gt is not None:
        most = f" and at most {kind.le:,}" if kind.le is not None else ""
        return f" above {kind.gt:,}{most}"
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:,} to {kind.le:,}"
    if kind.ge is not None:
        return f" of at least {kind.ge:,}"
    return f" of at most {kind.le:,}" if kind.le is not None else ""


def _size(kind: Sized) -> str:
    low, high = kind.min_length, kind.max_length
    if low is None and high is None:
        return ""
    one = _UNITS[type(kind)][1]
    many = "entries" if one == "entry" else f"{one}s"
    if high is None:
        return f"at least {low:,} {one if low == 1 else many}"
    return f"{low:,} to {high:,} {many}" if low else f"at most {high:,} {many}"
