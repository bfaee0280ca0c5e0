"""The way in: validate, journal, and only then say so."""

import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec

from events.arrivals import event_from_json
from events.counters import counters
from events.exceptions import BatchTooLarge, InvalidField, JournalError
from events.history import LiveHistory
from events.journal import Journal
from events.pointers import pointer
from events.recent import RecentIds
from events.records import Event, Exposure
from events.validation import event_of

log = logging.getLogger(__name__)

MAX_BATCH = 1000
HISTORY_TYPES = frozenset({"click", "view", "add_to_cart", "purchase", "rating"})


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Why the record at `index` of the batch was not taken; `field` is empty for the whole of it.

    `pointer` is the same place as a JSON pointer (RFC 6901) into the request's body.
    """

    index: int
    field: str
    pointer: str
    error: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch; accepted + duplicates + rejected are all of it."""

    accepted: int
    duplicates: int
    rejected: list[Rejection]


def accept(
    batch: Sequence[object],
    *,
    now: datetime,
    journal: Journal,
    recent: RecentIds,
    history: LiveHistory,
    suspect: bool = True,
) -> Receipt:
    """Take a batch of at most 1,000 events; those accepted are on disk when this returns.

    An event is decoded JSON or, which is faster, JSON text as msgspec.Raw; then `suspect` says
    whether the text of them all may hold a NUL, for which each is looked through.
    Raises BatchTooLarge, or a JournalError where nothing was taken: then repeat the batch with the
    same ids. Valkey is not needed: without it a repeat is counted as accepted, and dropped by the
    drain.
    """
    if len(batch) > MAX_BATCH:
        raise BatchTooLarge(f"{len(batch)} events in one batch; send at most {MAX_BATCH}.")
    valid, rejected = _validate(batch, now, suspect)
    fresh = _fresh(valid, recent)
    journal.append(fresh)
    history.push(_seen_items(fresh))
    recent.remember([event.id for event in fresh])
    receipt = Receipt(accepted=len(fresh), duplicates=len(valid) - len(fresh), rejected=rejected)
    _count(receipt)
    return receipt


def record_exposure(exposure: Exposure, *, journal: Journal) -> bool:
    """Write an exposure without waiting for the disk; whether it was written. Never raises.

    The user has their slate either way; what is lost is counted as `exposures_dropped`.
    """
    try:
        journal.append([exposure], durable=False)
    except (JournalError, msgspec.MsgspecError, ValueError, TypeError) as error:
        counters.add("exposures_dropped")
        log.error("An exposure of request %s was dropped: %s", exposure.request_id, error)
        return False
    counters.add("exposures_written")
    return True


def _validate(
    batch: Sequence[object], now: datetime, suspect: bool
) -> tuple[list[Event], list[Rejection]]:
    valid: list[Event] = []
    rejected: list[Rejection] = []
    for index, raw in enumerate(batch):
        try:
            valid.append(_event(raw, now, suspect))
        except InvalidField as error:
            rejected.append(_rejection(index, error))
    return valid, rejected


def _rejection(index: int, error: InvalidField) -> Rejection:
    return Rejection(
        index=index,
        field=error.field,
        pointer=pointer("events", index, *error.steps),
        error=error.error,
    )


def _event(raw: object, now: datetime, suspect: bool) -> Event:
    if isinstance(raw, msgspec.Raw):
        return event_from_json(raw, now=now, suspect=suspect)
    return event_of(raw, now=now)


def _fresh(events: Sequence[Event], recent: RecentIds) -> list[Event]:
    first = {event.id: event for event in reversed(events)}
    known = recent.known(list(first))
    return [event for event in events if event is first[event.id] and event.id not in known]


def _seen_items(events: Sequence[Event]) -> list[tuple[str, str]]:
    oldest_first = sorted(events, key=lambda event: event.at)
    return [(e.user, e.item) for e in oldest_first if e.item and e.type in HISTORY_TYPES]


def _count(receipt: Receipt) -> None:
    counters.add("events_accepted", receipt.accepted)
    counters.add("events_duplicate", receipt.duplicates)
    counters.add("events_rejected", len(receipt.rejected))
