"""Facts: what happened to a member and when, one row each, for sums to be taken over.

Each table has uid, first_at and until of the member, `at` (all in microseconds), and two flags:
`post` (it belongs to the user's time in the experiment) and `pre` (it belongs to the pre-period of
CUPED). What counts:

- Slates of the experiment and of the user's phase. A slate that fell back to another recommender
  stays in its arm: the arm is what was assigned, not what worked.
- A click, or an item seen, when its user, request id and item name an item of such a slate, once
  per item of a slate, at its own time; one that its clock dates before its slate, with the slate.
- Without request ids, every click at or after first exposure.
- Any other event at or after first exposure, until the user's phase ended.
- The pre-period holds the slates of the same placement, whatever experiment served them, their
  clicks, and all events, in the lookback before the user's first exposure.
"""

from collections.abc import Sequence
from typing import Literal

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, IntegerValue, StringValue, Table, Value

from experiments.metrics.engine import SECOND, among, microseconds
from experiments.metrics.people import of_experiment, split
from experiments.metrics.shape import ITEM, ITEMS, Log
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.strays import other_slates, without_held

MEMBER = ("uid", "first_at", "until")


def slate_facts(log: Log, members: Table, spec: ScorecardSpec) -> Table:
    """A row per slate, with size, latency_ms and fallback."""
    scope = _until_as_of(log.exposures, spec) if spec.lookback else of_experiment(log, spec)
    both = _in_micros(scope).join(_carried(members, spec), "user")
    flagged = both.mutate(
        post=is_post(both, spec), pre=_is_pre_slate(both, spec, both.at, both.placement)
    )
    return flagged.filter(_.post | _.pre).select(
        *MEMBER, "at", "post", "pre", "size", "latency_ms", "fallback"
    )


def event_facts(
    log: Log, members: Table, spec: ScorecardSpec, types: Sequence[str] | None
) -> Table:
    """A row per event of those types (None: of any), with type, item, request_id, value and
    properties. Some are neither post nor pre.
    """
    events = _until_as_of(log.events, spec)
    wanted = events if types is None else events.filter(among(events.type, types))
    both = _in_micros(wanted).join(members.select("user", *MEMBER), "user")
    return both.mutate(post=_is_post_event(both), pre=_before(both, spec)).drop("user")


def linked_facts(
    log: Log, members: Table, spec: ScorecardSpec, types: Sequence[str], *, strays: bool
) -> Table:
    """A row per (request id, item) that events of those types name: type, request_id, and
    `attributed`, whether they name an item of a slate that counts. With `strays` there are also
    those that no slate of the user holds, which are judged as events. Where the spec asks for a
    description of the slates, also item and position, its place in the slate from 1 on.
    """
    by_item = ITEM in log.columns
    events = _until_as_of(log.events, spec)
    named = events.filter(
        among(events.type, types), _.request_id.notnull(), _.item.notnull() | (not by_item)
    )
    pairs = (
        _in_micros(named)
        .join(members.select("user", "uid"), "user")
        .group_by("uid", "type", "request_id", "item")
        .aggregate(user=_.user.arbitrary(), named_at=_.at.min())
    )
    who = _carried(members, spec).drop("user")
    how: Literal["left", "inner"] = "left" if strays else "inner"
    found = pairs.join(who, "uid").join(_served(log, spec), ["user", "request_id"], how=how)
    listed = found.items.contains(found.item) if by_item and ITEMS in log.columns else True
    post = is_post(found, spec)
    pre = _is_pre_slate(found, spec, found.served_at, found.slate_placement)
    held = _sure(found.served_at.notnull() & listed)
    attributed = held & (post | pre)
    at = attributed.ifelse(ibis.greatest(found.named_at, found.served_at), found.named_at)
    marked = found.mutate(at=at, attributed=attributed, stray=~held, slate_post=post)
    placed = marked.filter(marked.attributed | marked.stray)
    if strays and (others := other_slates(log, spec)) is not None:
        placed = without_held(placed, others, listing=ITEMS in log.columns)
    listing = spec.described and by_item and ITEMS in log.columns
    more = {"position": placed.items.index(placed.item) + 1} if listing else {}
    return placed.mutate(
        **more,
        post=placed.attributed.ifelse(placed.slate_post, _is_post_event(placed)),
        pre=placed.attributed.ifelse(~placed.slate_post, True) & _before(placed, spec),
    ).select(
        *MEMBER,
        *("at", "post", "pre", "type", "request_id", "attributed"),
        *(("item", "position") if listing else ()),
    )


def clicked_slates(linked: Table) -> Table:
    """A row per slate with an attributed click, at its first."""
    clicks = linked.filter(linked.attributed, linked.type == "click")
    return clicks.group_by(*MEMBER, "request_id", "post", "pre").aggregate(at=_.at.min())


def different_items(events: Table, inside: BooleanValue) -> Table:
    """A row per item that a user's events name, at the first event within the window."""
    named = events.filter(events.item.notnull(), events.pre | inside)
    return named.group_by(*MEMBER, "item", "post", "pre").aggregate(at=_.at.min())


def _served(log: Log, spec: ScorecardSpec) -> Table:
    scope = _until_as_of(log.exposures, spec) if spec.lookback else of_experiment(log, spec)
    columns = ("user", "request_id", "items", "experiment", "phase", "reason", "variant")
    return scope.select(*columns, slate_placement=_.placement, served_at=microseconds(_.at))


def _in_micros(table: Table) -> Table:
    return table.mutate(at=microseconds(table.at))


def _until_as_of(table: Table, spec: ScorecardSpec) -> Table:
    return table.filter(table.at <= ibis.literal(spec.as_of))


def _carried(members: Table, spec: ScorecardSpec) -> Table:
    home = [members.placement.name("home")] if spec.lookback else []
    return members.select("user", "number", *home, *MEMBER)


def is_post(slates: Table, spec: ScorecardSpec) -> BooleanValue:
    """Whether slates, with the `number` of the user's phase, belong to it."""
    ours = (slates.experiment == spec.experiment) & (slates.phase == slates.number)
    return _sure(ours & split(slates))


def _is_pre_slate(
    slates: Table, spec: ScorecardSpec, served_at: IntegerValue, placement: StringValue
) -> BooleanValue:
    if not spec.lookback:
        return ibis.literal(False)
    return _sure((placement == slates.home) & _in_lookback(served_at, slates.first_at, spec))


def _is_post_event(events: Table) -> BooleanValue:
    return (events.at >= events.first_at) & (events.at <= events.until)


def _before(facts: Table, spec: ScorecardSpec) -> BooleanValue:
    if not spec.lookback:
        return ibis.literal(False)
    return _in_lookback(facts.at, facts.first_at, spec)


def _in_lookback(at: IntegerValue, first_at: IntegerValue, spec: ScorecardSpec) -> BooleanValue:
    return (at < first_at) & (at >= first_at - spec.lookback * SECOND)


def _sure(flag: Value) -> BooleanValue:
    return flag.fill_null(False)
