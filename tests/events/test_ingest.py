from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from events.counters import counters
from events.exceptions import BatchTooLarge, JournalFull
from events.history import LiveHistory
from events.ingest import MAX_BATCH, Receipt, Rejection, accept, record_exposure
from events.journal import Journal
from events.journal_files import journals, read
from events.recent import RecentIds
from events.records import Event, Exposure, decode
from events.runtime import connect

Accept = Callable[..., Receipt]

ID = {"id": "e1", "type": "click", "user": "u1"}


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def journal(journal_dir: Path) -> Iterator[Journal]:
    journal = Journal(journal_dir, "events")
    yield journal
    journal.close()


@pytest.fixture
def take(client: redis.Redis, journal: Journal, now: datetime) -> Accept:
    def call(*batch: object, **changes: Any) -> Receipt:
        doors: dict[str, Any] = {
            "recent": RecentIds(client),
            "history": LiveHistory(client),
            "journal": journal,
        }
        return accept(batch, now=now, **(doors | changes))

    return call


def journalled(folder: Path) -> list[Event]:
    frames = [frame for path in journals(folder) for frame in read(path, 0).frames]
    records = [record for frame in frames for record in decode("events", frame.payload)]
    return [record for record in records if isinstance(record, Event)]


def test_a_full_event_is_journalled_as_sent(
    take: Accept, journal_dir: Path, event: Callable[..., Event], now: datetime
) -> None:
    sent = ID | {
        "item": "i1",
        "request_id": "r1",
        "value": 4,
        "at": (now - timedelta(hours=1)).isoformat(),
        "properties": {"colour": "red", "size": 3, "share": 0.5, "new": True},
    }
    assert take(sent) == Receipt(accepted=1, duplicates=0, rejected=[])
    at = now - timedelta(hours=1)
    properties = {"colour": "red", "size": 3, "share": 0.5, "new": True}
    assert journalled(journal_dir) == [event(value=4.0, at=at, properties=properties)]


def test_what_may_be_absent_may_be_null(take: Accept, journal_dir: Path, now: datetime) -> None:
    absent = {"item": None, "request_id": None, "value": None, "at": None, "properties": None}
    assert take(ID, ID | absent | {"id": "e2"}).accepted == 2
    first, second = journalled(journal_dir)
    assert (first.item, first.value, first.properties, first.at) == (None, None, {}, now)
    assert (second.item, second.value, second.properties, second.at) == (None, None, {}, now)


@pytest.mark.parametrize("type_", ["impression", "rating", "wishlist_2", "x" * 64])
def test_known_and_custom_types_are_taken(take: Accept, type_: str) -> None:
    assert take(ID | {"type": type_}).accepted == 1


TEXT = "must be a string of 1 to 256 characters"
TYPE = (
    "must be one of impression, click, view, add_to_cart, purchase, rating, or a name of your own: "
    "a lower-case letter, then up to 63 of a-z, 0-9 and _"
)
AT = "must be an RFC 3339 time with a time zone, such as 2026-01-31T12:00:00Z"
FIELDS = "is not a field; the fields are id, type, user, item, request_id, value, properties, at"
SCALAR = (
    "must be a string of at most 1024 characters, a finite number that fits 64 bits, true or false"
)
SURROGATE = "must be valid Unicode; it holds half a surrogate pair"


@pytest.mark.parametrize(
    ("change", "field", "error"),
    [
        ({"id": None}, "id", "is required"),
        ({"id": ""}, "id", TEXT),
        ({"id": "x" * 257}, "id", TEXT),
        ({"id": 7}, "id", TEXT),
        ({"id": "\ud800"}, "id", SURROGATE),
        ({"user": None}, "user", "is required"),
        ({"user": ""}, "user", TEXT),
        ({"user": "u" * 257}, "user", TEXT),
        ({"item": ""}, "item", TEXT),
        ({"item": ["i1"]}, "item", TEXT),
        ({"request_id": "r" * 257}, "request_id", TEXT),
        ({"type": None}, "type", "is required"),
        ({"type": "Click"}, "type", TYPE),
        ({"type": "9lives"}, "type", TYPE),
        ({"type": "x" * 65}, "type", TYPE),
        ({"type": "click\n"}, "type", TYPE),
        ({"value": "4"}, "value", "must be a finite number"),
        ({"value": True}, "value", "must be a finite number"),
        ({"value": float("nan")}, "value", "must be a finite number"),
        ({"value": float("-inf")}, "value", "must be a finite number"),
        ({"value": 10**400}, "value", "must be a finite number"),
        ({"at": "yesterday"}, "at", AT),
        ({"at": 1_700_000_000}, "at", AT),
        ({"at": "2026-03-01T12:00:00"}, "at", AT),
        ({"at": "2026-03-01"}, "at", AT),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at", AT),
        ({"properties": []}, "properties", "must be an object"),
        (
            {"properties": {str(n): n for n in range(21)}},
            "properties",
            "holds 21 keys; at most 20 fit",
        ),
        ({"properties": {"": 1}}, "properties", "keys must have 1 to 64 characters"),
        ({"properties": {"a": None}}, "properties/a", SCALAR),
        ({"properties": {"a": [1]}}, "properties/a", SCALAR),
        ({"properties": {"a": "x" * 1025}}, "properties/a", SCALAR),
        ({"properties": {"a": float("inf")}}, "properties/a", SCALAR),
        ({"properties": {"a": 2**63}}, "properties/a", SCALAR),
        ({"properties": {"a": "\udfff"}}, "properties/a", SURROGATE),
        ({"colour": "red"}, "colour", FIELDS),
    ],
)
def test_a_bad_field_is_named_with_what_is_allowed(
    take: Accept, journal_dir: Path, change: dict[str, object], field: str, error: str
) -> None:
    assert take(ID | change) == Receipt(
        accepted=0,
        duplicates=0,
        rejected=[Rejection(index=0, field=field, pointer=f"/events/0/{field}", error=error)],
    )
    assert journals(journal_dir) == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"a/b~": 1}, "/events/0/a~1b~0"),
        ({"properties/x": 1}, "/events/0/properties~1x"),
        ({"": 1}, "/events/0/"),
        ({"properties": {"a/b~": None}}, "/events/0/properties/a~1b~0"),
    ],
)
def test_a_pointer_escapes_what_has_a_meaning_in_pointers(
    take: Accept, change: dict[str, object], pointer: str
) -> None:
    assert take(ID | change).rejected[0].pointer == pointer


@pytest.mark.parametrize("raw", [None, 7, "click", ["id"]])
def test_what_is_no_object_is_rejected(take: Accept, raw: object) -> None:
    assert take(raw).rejected == [
        Rejection(index=0, field="", pointer="/events/0", error="must be an object")
    ]


@pytest.mark.parametrize(
    ("offset", "error"),
    [
        (timedelta(minutes=5), None),
        (timedelta(minutes=5, seconds=1), "is more than 5 minutes ahead of the server's clock"),
        (-timedelta(days=7), None),
        (-timedelta(days=7, seconds=1), "is more than 7 days old; import older behaviour"),
    ],
)
def test_at_may_be_a_little_ahead_and_a_week_old(
    take: Accept, now: datetime, offset: timedelta, error: str | None
) -> None:
    rejected = [
        Rejection(index=0, field="at", pointer="/events/0/at", error=why) for why in [error] if why
    ]
    receipt = take(ID | {"at": (now + offset).isoformat()})
    assert receipt == Receipt(accepted=1 - len(rejected), duplicates=0, rejected=rejected)


def test_a_batch_is_taken_in_part_and_the_indices_are_the_batchs(
    take: Accept, journal_dir: Path
) -> None:
    receipt = take({"id": "a"}, ID | {"id": "b"}, ID | {"id": "c", "value": "x"}, ID | {"id": "d"})
    assert receipt.accepted == 2
    assert [(r.index, r.field) for r in receipt.rejected] == [(0, "type"), (2, "value")]
    assert [event.id for event in journalled(journal_dir)] == ["b", "d"]


def test_a_repeat_is_a_duplicate_in_its_batch_and_in_the_next(
    take: Accept, journal_dir: Path
) -> None:
    assert take(ID, ID) == Receipt(accepted=1, duplicates=1, rejected=[])
    assert take(ID) == Receipt(accepted=0, duplicates=1, rejected=[])
    assert [event.id for event in journalled(journal_dir)] == ["e1"]


def test_what_was_not_journalled_is_no_duplicate_later(
    take: Accept, journal_dir: Path, client: redis.Redis
) -> None:
    full = Journal(journal_dir, "events", bound_bytes=0)
    with pytest.raises(JournalFull):
        take(ID | {"item": "i1"}, journal=full)
    assert client.keys() == []
    assert take(ID).accepted == 1


def test_a_batch_may_have_1000_events(take: Accept, journal_dir: Path) -> None:
    batch = [ID | {"id": str(n)} for n in range(MAX_BATCH + 1)]
    with pytest.raises(BatchTooLarge, match="1001 events in one batch; send at most 1000"):
        take(*batch)
    assert journals(journal_dir) == []
    assert take(*batch[:MAX_BATCH]).accepted == MAX_BATCH


def test_items_acted_on_enter_the_live_history_in_the_order_of_time(
    take: Accept, client: redis.Redis, now: datetime
) -> None:
    earlier = (now - timedelta(minutes=1)).isoformat()
    take(
        ID | {"id": "1", "item": "late"},
        ID | {"id": "2", "item": "early", "at": earlier, "type": "purchase"},
        ID | {"id": "3", "item": "only seen", "type": "impression"},
        ID | {"id": "4", "item": "custom", "type": "wishlist"},
        ID | {"id": "5", "type": "view"},
    )
    assert LiveHistory(client).read("u1") == ["early", "late"]


def test_without_valkey_events_are_taken_all_the_same(
    take: Accept, journal_dir: Path, event: Callable[..., Event]
) -> None:
    nobody = connect("redis://127.0.0.1:1")
    doors = {"recent": RecentIds(nobody), "history": LiveHistory(nobody)}
    for _ in range(2):
        assert take(ID | {"item": "i1"}, **doors).accepted == 1
    assert len(journalled(journal_dir)) == 2  # the drain drops the second


def test_an_exposure_is_written(journal_dir: Path, exposure: Callable[..., Exposure]) -> None:
    journal = Journal(journal_dir, "exposures")
    assert record_exposure(exposure(), journal=journal)
    [path] = journals(journal_dir)
    [frame] = read(path, 0).frames
    assert decode("exposures", frame.payload) == [exposure()]
    journal.close()


@pytest.mark.parametrize("attributes", [{}, {"broken": "\ud800"}])
def test_an_exposure_that_cannot_be_written_is_counted_and_raises_nothing(
    journal_dir: Path, exposure: Callable[..., Exposure], attributes: dict[str, str]
) -> None:
    dropped = counters.snapshot().get("exposures_dropped", 0)
    bound = 0 if not attributes else 2**20
    journal = Journal(journal_dir, "exposures", bound_bytes=bound)
    assert not record_exposure(exposure(attributes=attributes), journal=journal)
    assert counters.snapshot()["exposures_dropped"] == dropped + 1
    assert journals(journal_dir) == []
