"""What an event must look like, with a reason for each way in which one does not."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from events.exceptions import InvalidField
from events.records import Event, Moment, Scalar
from events.texts import NO_NUL, NUL

KNOWN_TYPES = ("impression", "click", "view", "add_to_cart", "purchase", "rating")
FIELDS = ("id", "type", "user", "item", "request_id", "value", "properties", "at")
MAX_ID = 256
MAX_PROPERTIES = 20
MAX_PROPERTY_NAME = 64
MAX_PROPERTY_TEXT = 1024
MAX_AHEAD = timedelta(minutes=5)
MAX_AGE = timedelta(days=7)

NO_TIME = "must be an RFC 3339 time with a time zone, such as 2026-01-31T12:00:00Z"

_CUSTOM_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_INT64 = 2**63


def event_of(raw: object, *, now: datetime, max_age: timedelta | None = MAX_AGE) -> Event:
    """The event that decoded JSON stands for; `received_at` is `now`, and so is an absent `at`.

    `max_age` None allows any past. Raises InvalidField for the first field that is wrong.
    """
    if not isinstance(raw, dict):
        raise InvalidField("", "must be an object")
    for name in raw:
        if name not in FIELDS:
            raise InvalidField((str(name),), f"is not a field; the fields are {', '.join(FIELDS)}")
    return Event(
        id=_required_text(raw, "id"),
        type=checked_type(_required_text(raw, "type")),
        user=_required_text(raw, "user"),
        item=_optional_text(raw, "item"),
        request_id=_optional_text(raw, "request_id"),
        value=_value(raw.get("value")),
        properties=_properties(raw.get("properties")),
        at=_at(raw.get("at"), now, max_age),
        received_at=now,
    )


def _required_text(raw: dict[Any, Any], field: str) -> str:
    if raw.get(field) is None:
        raise InvalidField(field, "is required")
    return _text(raw[field], field)


def _optional_text(raw: dict[Any, Any], field: str) -> str | None:
    return None if raw.get(field) is None else _text(raw[field], field)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID:
        raise InvalidField(field, f"must be a string of 1 to {MAX_ID} characters")
    return _unicode(value, field)


def _unicode(value: str, field: str | tuple[str, ...]) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidField(field, "must be valid Unicode; it holds half a surrogate pair") from None
    if NUL in value:
        raise InvalidField(field, NO_NUL)
    return value


def checked_user(value: str) -> str:
    """The user id as it is, if it can be one. Raises InvalidField."""
    return _text(value, "user")


def checked_type(value: str) -> str:
    """The type as it is, if it is a known one or can be a custom one. Raises InvalidField."""
    if value not in KNOWN_TYPES and not _CUSTOM_TYPE.fullmatch(value):
        known = ", ".join(KNOWN_TYPES)
        raise InvalidField(
            "type",
            f"must be one of {known}, or a name of your own: "
            "a lower-case letter, then up to 63 of a-z, 0-9 and _",
        )
    return value


def _value(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise InvalidField("value", "must be a finite number")
    return float(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond any float
        return False


def _properties(value: object) -> dict[str, Scalar]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidField("properties", "must be an object")
    if len(value) > MAX_PROPERTIES:
        raise InvalidField("properties", f"holds {len(value)} keys; at most {MAX_PROPERTIES} fit")
    return {_property_name(name): _scalar(name, scalar) for name, scalar in value.items()}


def _property_name(name: object) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_PROPERTY_NAME:
        raise InvalidField("properties", f"keys must have 1 to {MAX_PROPERTY_NAME} characters")
    return _unicode(name, "properties")


def _scalar(name: str, value: object) -> Scalar:
    field = ("properties", name)
    if isinstance(value, str) and len(value) <= MAX_PROPERTY_TEXT:
        return _unicode(value, field)
    if isinstance(value, int) and -_INT64 <= value < _INT64:  # bool is an int
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise InvalidField(
        field,
        f"must be a string of at most {MAX_PROPERTY_TEXT} characters, a finite number that fits "
        "64 bits, true or false",
    )


def _at(value: object, now: datetime, max_age: timedelta | None) -> datetime:
    return now if value is None else checked_time(_moment(value), now, max_age)


def checked_time(at: datetime, now: datetime, max_age: timedelta | None = MAX_AGE) -> datetime:
    """The time as it is, if it is no more ahead or behind than it may be. Raises InvalidField."""
    if at > now + MAX_AHEAD:
        raise InvalidField("at", "is more than 5 minutes ahead of the server's clock")
    if max_age is not None and at < now - max_age:
        raise InvalidField("at", f"is more than {max_age.days} days old; import older behaviour")
    return at


def _moment(value: object) -> datetime:
    try:
        if isinstance(value, str):
            return msgspec.convert(value, Moment).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        pass
    raise InvalidField("at", NO_TIME)
