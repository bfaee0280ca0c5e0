"""What is counted of a user: one number per user, as data.

Each is a tagged struct, so that a definition can be kept as JSON and be told from any other. What
counts, and for whom, is said in docs/explanation/scorecard.md.
"""

import math
from typing import Literal

import msgspec

from experiments.metrics.exceptions import InvalidMetric
from experiments.metrics.filters import Condition, columns_of

Needs = frozenset[tuple[str, str]]
"""Columns as (table, column)."""

MOST_DAYS = 3_650
"""Of a window: beyond ten years it is a slip of the keyboard."""

LINK = frozenset({("exposures", "request_id"), ("events", "request_id")})
ITEM = frozenset({("events", "item")})


class _Counted(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="source", forbid_unknown_fields=True
):
    """A measure: `source` tells which, and a misspelt field is refused, never passed over."""


class Slates(_Counted, frozen=True, kw_only=True, tag="slates"):
    """Slates served; only those slower than a limit, or only those that fell back, where asked."""

    slower_than_ms: float | None = None
    fallback: bool = False

    def __post_init__(self) -> None:
        limit = self.slower_than_ms
        if limit is not None and not (math.isfinite(limit) and limit >= 0):
            raise InvalidMetric("slower_than_ms", "must be 0 or more milliseconds")

    @property
    def words(self) -> str:
        slow = "" if self.slower_than_ms is None else f" over {self.slower_than_ms:g} ms"
        return ("fallback slates" if self.fallback else "slates") + slow

    @property
    def needs(self) -> Needs:
        slow = {("exposures", "latency_ms")} if self.slower_than_ms is not None else set()
        return frozenset(slow | ({("exposures", "fallback")} if self.fallback else set()))


class Items(_Counted, frozen=True, kw_only=True, tag="items"):
    """Items served: impressions."""

    @property
    def words(self) -> str:
        return "impressions"

    @property
    def needs(self) -> Needs:
        return frozenset({("exposures", "impressions")})


class Clicks(_Counted, frozen=True, kw_only=True, tag="clicks"):
    """Clicks on items of the user's slates, once per item of a slate."""

    @property
    def words(self) -> str:
        return "clicks"

    @property
    def needs(self) -> Needs:
        return frozenset()


class ClickedSlates(_Counted, frozen=True, kw_only=True, tag="clicked_slates"):
    """Slates with at least one such click."""

    @property
    def words(self) -> str:
        return "clicked slates"

    @property
    def needs(self) -> Needs:
        return LINK


class SeenItems(_Counted, frozen=True, kw_only=True, tag="seen_items"):
    """Items of the user's slates that an `impression` event says were seen, once per slate."""

    @property
    def words(self) -> str:
        return "items seen"

    @property
    def needs(self) -> Needs:
        return frozenset()


class UnattributedClicks(_Counted, frozen=True, kw_only=True, tag="unattributed_clicks"):
    """Clicks after first exposure that name no item of a slate of the user, whoever served it."""

    @property
    def words(self) -> str:
        return "unattributed clicks"

    @property
    def needs(self) -> Needs:
        return LINK | ITEM


class Events(_Counted, frozen=True, kw_only=True, tag="events"):
    """Events after first exposure that fulfil every condition: their number, the sum of their
    values, or how many different items they name. `type` None takes events of any type.
    """

    type: str | None
    aggregation: Literal["count", "sum", "items"] = "count"
    where: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if self.type is not None and not self.type.strip():
            raise InvalidMetric("type", "must name an event type")

    @property
    def words(self) -> str:
        what = {"count": "events", "sum": "values", "items": "items"}[self.aggregation]
        only = " and ".join(condition.words for condition in self.where)
        return f"{self.type or 'all'} {what}" + (f" where {only}" if only else "")

    @property
    def needs(self) -> Needs:
        read = columns_of(self.where)
        read |= {"value"} if self.aggregation == "sum" else set()
        read |= {"item"} if self.aggregation == "items" else set()
        return frozenset(("events", column) for column in read)


Measure = Slates | Items | Clicks | ClickedSlates | SeenItems | UnattributedClicks | Events


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days after a user's first exposure: [from_days, until_days). A day is 24 hours."""

    from_days: float = 0.0
    until_days: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.from_days) and self.from_days >= 0):
            raise InvalidMetric("window.from_days", "must be 0 or more days")
        if not (math.isfinite(self.until_days) and self.until_days > self.from_days):
            raise InvalidMetric("window.until_days", "must be a number of days above from_days")
        if self.until_days > MOST_DAYS:
            raise InvalidMetric("window.until_days", f"must be at most {MOST_DAYS:,} days")

    @property
    def begins(self) -> int:
        """Seconds after first exposure."""
        return round(self.from_days * 86_400)

    @property
    def ends(self) -> int:
        """Seconds after first exposure; the first one outside."""
        return round(self.until_days * 86_400)
