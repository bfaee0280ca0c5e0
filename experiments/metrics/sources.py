"""Which facts each column is summed over, and what each fact adds to it."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TypeAlias

from ibis.expr.types import BooleanValue, NumericValue, Table

from experiments.metrics.columns import MILLIONTHS, Column
from experiments.metrics.exclusions import DONE, EventsPerDay
from experiments.metrics.facts import (
    clicked_slates,
    different_items,
    event_facts,
    linked_facts,
    slate_facts,
)
from experiments.metrics.filters import fulfilled
from experiments.metrics.measures import (
    ClickedSlates,
    Clicks,
    Events,
    Items,
    Measure,
    SeenItems,
    Slates,
    UnattributedClicks,
)
from experiments.metrics.rules import counts_for_limit, least
from experiments.metrics.shape import Log
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.windows import inside

LARGEST = 1e10
"""A value beyond this, or none that is finite, is a mistake of the sender and adds nothing."""

Adds: TypeAlias = BooleanValue | NumericValue
"""What a fact adds: one where it is true, or a number."""

Part = tuple[Column, Adds]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Facts, and for each column that is summed over them what a fact adds.

    `limited` says of each fact whether the rule by events counts it, where the facts are all that
    the rule looks at.
    """

    facts: Table
    parts: tuple[Part, ...]
    limited: BooleanValue | None = None


def is_served(column: Column) -> bool:
    """Whether the column is summed over slates, and so can be in the pass that finds people."""
    return isinstance(column.measure, Slates | Items)


def links_of(
    log: Log, members: Table, spec: ScorecardSpec, columns: Sequence[Column], stack: ExitStack
) -> Table | None:
    """The `linked_facts` that the columns need, kept where they are read more than once; None where
    none are needed.
    """
    linked = [c for c in columns if _of_links(c.measure, log)]
    clicked = [c for c in columns if isinstance(c.measure, ClickedSlates)]
    if not linked and not clicked:
        return None
    strays = any(isinstance(c.measure, UnattributedClicks) for c in linked)
    links = linked_facts(log, members, spec, _link_types([*linked, *clicked]), strays=strays)
    again = spec.described or (linked and clicked)
    return stack.enter_context(links.cache()) if again else links


def sources(
    log: Log,
    members: Table,
    spec: ScorecardSpec,
    columns: Sequence[Column],
    links: Table | None,
) -> list[Source]:
    """Every table of facts that the columns need, each read once; `links` as of `links_of`."""
    events = [c for c in columns if _of_events(c.measure, log) and not _of_items(c.measure)]
    linked = [c for c in columns if _of_links(c.measure, log)]
    clicked = [c for c in columns if isinstance(c.measure, ClickedSlates)]
    found = []
    if served := [c for c in columns if is_served(c)]:
        facts = slate_facts(log, members, spec)
        found.append(_source(facts, served, served_value))
    if links is not None:
        found += [_source(links, linked, _linked_value)] if linked else []
        found += [_source(clicked_slates(links), clicked, _one)] if clicked else []
    if events:
        found.append(_events(log, members, spec, events))
    return found + [_items(log, members, spec, c) for c in columns if _of_items(c.measure)]


def _source(facts: Table, columns: Sequence[Column], value: object) -> Source:
    return Source(facts=facts, parts=tuple((c, value(facts, c.measure)) for c in columns))  # type: ignore[operator]


def _events(log: Log, members: Table, spec: ScorecardSpec, columns: Sequence[Column]) -> Source:
    """With the rule's events too where totals are taken: cheaper than a pass of their own."""
    types = _event_types(columns)
    if spec.series or least(spec, EventsPerDay) is None:
        return _source(event_facts(log, members, spec, types), columns, _event_value)
    more = None if types is None else sorted({*types, *DONE})
    facts = event_facts(log, members, spec, more)
    found = _source(facts, columns, _event_value)
    return replace(found, limited=counts_for_limit(facts, spec))


def _of_items(measure: Measure) -> bool:
    return isinstance(measure, Events) and measure.aggregation == "items"


def _of_events(measure: Measure, log: Log) -> bool:
    if isinstance(measure, Clicks | SeenItems):
        return not log.linked
    return isinstance(measure, Events | UnattributedClicks)


def _of_links(measure: Measure, log: Log) -> bool:
    return log.linked and isinstance(measure, Clicks | SeenItems | UnattributedClicks)


def _link_types(columns: Sequence[Column]) -> list[str]:
    seen = any(isinstance(c.measure, SeenItems) for c in columns)
    clicks = any(not isinstance(c.measure, SeenItems) for c in columns)
    return (["click"] if clicks else []) + (["impression"] if seen else [])


def _event_types(columns: Sequence[Column]) -> list[str] | None:
    types = {_type(column.measure) for column in columns}
    return None if None in types else sorted(t for t in types if t is not None)


def _type(measure: Measure) -> str | None:
    if isinstance(measure, Events):
        return measure.type
    return "impression" if isinstance(measure, SeenItems) else "click"


def served_value(slates: Table, measure: Measure) -> Adds:
    """What a slate adds."""
    if isinstance(measure, Items):
        return slates["size"]
    assert isinstance(measure, Slates)  # noqa: S101  (see is_served)
    counted: BooleanValue = slates.at.notnull()
    if measure.slower_than_ms is not None:
        counted = counted & (slates.latency_ms > measure.slower_than_ms).fill_null(False)
    if measure.fallback:
        counted = counted & slates.fallback.notnull()
    return counted


def _linked_value(links: Table, measure: Measure) -> Adds:
    stray = isinstance(measure, UnattributedClicks)
    named = ~links.attributed if stray else links.attributed
    return named & (links.type == _type(measure))


def _event_value(events: Table, measure: Measure) -> Adds:
    counted = events.type == _type(measure) if _type(measure) else events.at.notnull()
    if isinstance(measure, UnattributedClicks):
        counted = counted & (events.request_id.isnull() | events.item.isnull())
    if not isinstance(measure, Events):
        return counted
    for condition in measure.where:
        counted = counted & fulfilled(events, condition)
    if measure.aggregation == "count":
        return counted
    possible = (events.value.abs() <= LARGEST).fill_null(False)
    value = (counted & possible).ifelse(events.value, 0.0)
    return (value * MILLIONTHS).round().cast("int64")


def _one(facts: Table, measure: Measure) -> Adds:
    return facts.at.notnull()


def _items(log: Log, members: Table, spec: ScorecardSpec, column: Column) -> Source:
    measure = column.measure
    assert isinstance(measure, Events)  # noqa: S101  (see _of_items)
    events = event_facts(log, members, spec, None if measure.type is None else [measure.type])
    for condition in measure.where:
        events = events.filter(fulfilled(events, condition))
    facts = different_items(events, inside(events, column.window))
    return _source(facts, [column], _one)
