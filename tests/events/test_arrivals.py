import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.arrivals import event_from_json
from events.exceptions import InvalidField
from events.records import Event
from events.validation import FIELDS, event_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

words = st.text(string.ascii_lowercase + "é\u0000 ", max_size=5) | st.sampled_from(
    ["click", "Click", "x" * 256, "x" * 257, "2026-11-24T11:00:00Z", "0001-01-01T00:00:00+14:00"]
)
moments = st.datetimes(
    NOW.replace(tzinfo=None) - timedelta(days=8),
    NOW.replace(tzinfo=None) + timedelta(minutes=10),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
).map(datetime.isoformat)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
)
values = scalars | moments | st.dictionaries(words, scalars, max_size=3) | st.lists(scalars)
sound = st.fixed_dictionaries(
    {"id": words, "type": st.just("view"), "user": words},
    optional={
        "item": words,
        "value": scalars,
        "at": moments | words,
        "properties": st.dictionaries(words, scalars, max_size=22),
    },
)
events = sound | st.dictionaries(st.sampled_from([*FIELDS, "colour"]), values) | values


def outcome(call: Callable[[], Event]) -> Event | tuple[str, str]:
    try:
        return call()
    except InvalidField as error:
        return error.field, error.error


@given(events)
def test_an_event_is_judged_as_its_decoded_json_is(event: Any) -> None:
    text = msgspec.json.encode(event)
    decoded = msgspec.json.decode(text)
    expected = outcome(lambda: event_of(decoded, now=NOW))
    assert outcome(lambda: event_from_json(msgspec.Raw(text), now=NOW)) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b'{"id": "\xff"}', "cannot be decoded: 'utf-8' codec can't decode byte 0xff"),
        (b'{"value": 1e999}', "cannot be decoded: Number out of range"),
    ],
)
def test_what_cannot_be_decoded_spoils_its_own_event(text: bytes, error: str) -> None:
    with pytest.raises(InvalidField) as caught:
        event_from_json(msgspec.Raw(text), now=NOW)
    assert caught.value.field == ""
    assert caught.value.error.startswith(error)
