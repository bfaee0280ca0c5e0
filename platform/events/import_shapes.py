"""What a row of past behaviour stands for: an event, or why it is none."""

import math
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from events.arrivals import Id, Properties
from events.exceptions import InvalidField
from events.records import Event, Moment
from events.texts import NO_NUL, NUL, nul_in
from events.validation import checked_time, checked_type, event_of
from imports.rows import Row

DERIVED = "import-"


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it should be. Time, type and value are judged afterwards."""

    user: Id
    item: Id
    at: Moment
    type: Id | None = None
    value: float | None = None
    id: Id | None = None
    request_id: Id | None = None
    properties: Properties | None = None


def event_of_row(row: Row, now: datetime) -> Event:
    """The event, of any age. Raises InvalidField.

    Without a type, a row with a value is a `rating`, any other a `view`. Without an id, one is made
    of what the row says, not of how it says it: equal rows of two formats are one event. Ids may be
    integers; a number in `at` is seconds since 1970 in UTC.
    """
    if row.problem:
        raise InvalidField("", row.problem)
    values = _shaped(row.cells)
    try:
        given = msgspec.convert(values, _Given)
        return _event(given, now)
    except (msgspec.ValidationError, InvalidField, UnicodeEncodeError, OverflowError):
        return _judged_by_field(values, now)


def _event(given: _Given, now: datetime) -> Event:
    if given.value is not None and not math.isfinite(given.value):
        raise InvalidField("value", "must be a finite number")
    if _holds_nul(given):
        raise InvalidField("", NO_NUL)
    type_ = given.type or ("view" if given.value is None else "rating")
    event = Event(
        id=given.id or DERIVED,
        type=checked_type(type_),
        user=given.user,
        item=given.item,
        request_id=given.request_id,
        value=given.value,
        properties=given.properties or {},
        at=checked_time(given.at.astimezone(UTC), now, None),
        received_at=now,
    )
    return _identified(event)


def _holds_nul(given: _Given) -> bool:
    texts = (given.user, given.item, given.id, given.request_id)
    return any(text and NUL in text for text in texts) or (
        given.properties is not None and nul_in(given.properties) is not None
    )


def _identified(event: Event) -> Event:
    """With an id; also says, by UnicodeEncodeError, whether any text is no Unicode."""
    said: tuple[object, ...] = (event.user, event.item, event.type, event.value, event.at)
    if event.request_id or event.properties:
        said += (event.request_id, event.properties)
    text = msgspec.json.encode(said)
    if event.id != DERIVED:
        event.id.encode()
        return event
    id_ = DERIVED + blake2b(text, digest_size=16).hexdigest()
    return msgspec.structs.replace(event, id=id_)


def _judged_by_field(values: dict[str, Any], now: datetime) -> Event:
    """As ingestion judges it, which names the field."""
    raw = dict(values)
    for name in ("item", "at"):
        if name not in raw:
            raise InvalidField(name, "is required")
    if isinstance(raw["at"], datetime):
        raw["at"] = raw["at"].isoformat()
    raw.setdefault("type", "rating" if "value" in raw else "view")
    return _identified(event_of({"id": DERIVED} | raw, now=now, max_age=None))


def _shaped(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is null, integer ids as text, `at` as a datetime or text."""
    shaped = {name: value for name, value in values.items() if value is not None}
    for name in ("id", "user", "item", "request_id"):
        value = shaped.get(name)
        if value.__class__ is int:
            shaped[name] = str(value)
    at = shaped.get("at", "")
    if not isinstance(at, str):
        shaped["at"] = _moment(at)
    return shaped


def _moment(value: object) -> datetime:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime) and value.tzinfo:
            return value.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise InvalidField("at", "must be a time with a time zone, or seconds since 1970")
