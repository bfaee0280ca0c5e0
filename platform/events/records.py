"""The two kinds of record: what a user was shown, and what the user then did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

Stream = Literal["events", "exposures"]
STREAMS: tuple[Stream, ...] = ("events", "exposures")

Scalar = str | int | float | bool
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ExposedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a slate. `propensity` is the probability, in (0, 1], that it was shown there.

    A score that is no finite number is None once it went through a journal: JSON has none for it,
    and an exposure is not to be lost for it.
    """

    id: str
    score: float | None
    propensity: float


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """A user was served a slate: `items` in the order shown. `latency_ms` is the server's own.

    `at` is when it was served, `received_at` when Winnow heard of it; None in what was written
    before it was kept.
    """

    request_id: str
    user: str
    experiment: str | None
    phase: int | None
    variant: str | None
    placement: str
    recommender: str
    model_version: str | None
    plan_version: int
    items: tuple[ExposedItem, ...]
    reason: str
    served_by: str
    fallback: str | None
    latency_ms: float
    attributes: dict[str, str]
    at: Moment
    received_at: Moment | None = None

    @property
    def key(self) -> str:
        """What makes it unique in the log: a repeated request is one exposure."""
        return self.request_id

    @property
    def taken_at(self) -> datetime:
        """When Winnow wrote it down."""
        return self.received_at or self.at


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A user did something. `at` is the client's time, `received_at` the server's."""

    id: str
    type: str
    user: str
    item: str | None
    request_id: str | None
    value: float | None
    properties: dict[str, Scalar]
    at: Moment
    received_at: Moment

    @property
    def key(self) -> str:
        """What makes it unique in the log."""
        return self.id

    @property
    def taken_at(self) -> datetime:
        """When Winnow wrote it down."""
        return self.received_at


Record = Event | Exposure

# JSON rather than msgpack: a journal's record marker holds a NUL, which JSON text never does, so a
# reader that looks for the next record after damage cannot be fooled by what a client sent.
_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(list[Event])
_exposures = msgspec.json.Decoder(list[Exposure])


def encode(records: Sequence[Record]) -> bytes:
    """The records of one append, as one JSON array."""
    return _encoder.encode(records)


def decode(stream: Stream, payload: bytes) -> Sequence[Record]:
    """The records of one append. Raises msgspec.MsgspecError where the payload is no such array."""
    decoder = _events if stream == "events" else _exposures
    return decoder.decode(payload)
