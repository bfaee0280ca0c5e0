"""Whom the rules for bots and staff leave out of one analysis (see exclusions for the rules)."""

from datetime import UTC, datetime

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, Table

from experiments.metrics.engine import among, micros
from experiments.metrics.exclusions import (
    DONE,
    EventsPerDay,
    Exclusion,
    SlatesPerDay,
    marked_users,
)
from experiments.metrics.shape import Log
from experiments.metrics.spec import ScorecardSpec

Limit = type[SlatesPerDay] | type[EventsPerDay]


def since(spec: ScorecardSpec) -> datetime:
    """The midnight of UTC before the start: from there on rules look."""
    start = spec.started_at.astimezone(UTC)
    return start.replace(hour=0, minute=0, second=0, microsecond=0)


def counts_for_limit(events: Table, spec: ScorecardSpec) -> BooleanValue:
    """Whether each event, its time in microseconds, is one that the rule by events counts."""
    return among(events.type, DONE) & (events.at >= micros(since(spec)))


def least(spec: ScorecardSpec, kind: Limit) -> int | None:
    """The lowest limit of that kind; None where there is no such rule."""
    return min((rule.limit for rule in spec.exclusions if isinstance(rule, kind)), default=None)


def marked(
    log: Log, spec: ScorecardSpec, *, slates: Table | None = None, events: Table | None = None
) -> Table | None:
    """Rows: user, rule (the place of the first that marks the user); None where none can.

    `slates` and `events` name, in a column `user`, all who can be above a limit of that kind, where
    the caller has counted already: mostly nobody.
    """
    rules = [
        (place, rule)
        for place, rule in enumerate(spec.exclusions)
        if not _marks_nobody(rule, slates, events)
    ]
    if not rules:
        return None
    seen, done = (_looked_at(table, spec) for table in (log.exposures, log.events))
    few_seen = seen if slates is None else seen.semi_join(slates, "user")
    few_done = done if events is None else done.semi_join(events, "user")
    marks = [
        marked_users(
            few_seen if isinstance(rule, SlatesPerDay) else seen, few_done, (rule,)
        ).select("user", rule=ibis.literal(place, "int64"))
        for place, rule in rules
    ]
    every = ibis.union(*marks) if len(marks) > 1 else marks[0]
    return every.group_by("user").aggregate(rule=_.rule.min())


def _marks_nobody(rule: Exclusion, slates: Table | None, events: Table | None) -> bool:
    match rule:
        case SlatesPerDay():
            able = slates
        case EventsPerDay():
            able = events
        case _:
            able = None
    return able is not None and not able.count().to_pyarrow().as_py()


def _looked_at(table: Table, spec: ScorecardSpec) -> Table:
    return table.filter(table.at >= ibis.literal(since(spec)), table.at <= ibis.literal(spec.as_of))
