"""What a caller that assigns without /route says of what it showed."""

from __future__ import annotations

from typing import Annotated

import msgspec

from events.records import ExposedItem, Moment
from events.texts import may_hold_nul, nul_in
from serving.attributes import Attributes
from serving.exceptions import Invalid
from serving.routing import Id
from serving.wording import explain, found_nul

MAX_ITEMS = 100
WHOLE = "this exposure"

Propensity = Annotated[float, msgspec.Meta(gt=0, le=1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=60_000)]


class ReportedItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item that was shown. `propensity` is the probability, in (0, 1], that it was."""

    item: Id
    score: float | None = None
    propensity: Propensity = 1.0


class ReportedExposure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user was shown `items`, in this order, by the variant that /assign gave.

    A repeated `request_id` is one exposure, and clicks on the slate carry it. `at` is when it was
    shown, by the caller's clock, with a time zone; by default now. With the `phase` of the
    assignment, an exposure of an earlier phase is refused instead of being counted in this one.
    Give the `attributes` and the `device` that /assign was given: they are judged by again.
    """

    request_id: Id
    user: Id
    experiment: Id
    variant: Id
    items: Annotated[list[Id | ReportedItem], msgspec.Meta(max_length=MAX_ITEMS)]
    phase: int | None = None
    model_version: Id | None = None
    attributes: Attributes = {}
    device: Id | None = None
    latency_ms: Milliseconds = 0.0
    at: Moment | None = None


_decoder = msgspec.json.Decoder(ReportedExposure)


def decode(raw: msgspec.Raw) -> ReportedExposure:
    """The exposure that JSON text stands for. Raises Invalid, naming the field."""
    try:
        return _without_nul(raw, _decoder.decode(raw))
    except msgspec.ValidationError as error:
        where, message = explain(str(error), ReportedExposure, whole=WHOLE, sent=bytes(raw))
        raise Invalid(message, pointer=where) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"Cannot be decoded: {error}.", pointer="") from None


def _without_nul(raw: msgspec.Raw, reported: ReportedExposure) -> ReportedExposure:
    steps = nul_in(reported) if may_hold_nul(raw) else None
    if steps is not None:
        where, message = found_nul(steps, whole=WHOLE)
        raise Invalid(message, pointer=where)
    return reported


def exposed(item: str | ReportedItem) -> ExposedItem:
    """The item as the log has it; a bare id has no score and was certain to be shown."""
    shown = ReportedItem(item=item) if isinstance(item, str) else item
    return ExposedItem(id=shown.item, score=shown.score, propensity=shown.propensity)
