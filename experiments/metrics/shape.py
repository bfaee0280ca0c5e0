"""One form for every log: our own, and files of an experiment assigned anywhere.

Of exposures `user`, `variant` and `at` are required, of events `type`, `user` and `at`. What else
is missing is given its plainest meaning: one experiment, the phase of the time, a random split.
What has no plain meaning is null in the tables and not in `columns`, and a metric that needs it is
refused.
"""

from dataclasses import dataclass

import ibis
from ibis.expr.types import Table, Value

from experiments.metrics import ids
from experiments.metrics.exceptions import MissingColumn
from experiments.metrics.filters import known_number
from experiments.metrics.measures import LINK, Needs
from experiments.metrics.spec import ScorecardSpec

REQUIRED = {"exposures": ("user", "variant", "at"), "events": ("type", "user", "at")}
EXPERIMENT = ("exposures", "experiment")
PHASE = ("exposures", "phase")
REASON = ("exposures", "reason")
ITEMS = ("exposures", "items")
ITEM = ("events", "item")
TEXTS = "map<string, string>"


@dataclass(frozen=True, kw_only=True)
class Log:
    """The shaped tables.

    `exposures`: user, variant, at, experiment, phase, reason, placement, request_id, items (their
    ids), size (their number), latency_ms, fallback, attributes. `events`: user, type, at, item,
    request_id, value, properties. `columns` are those the log itself has; `impressions` of
    exposures also where there are items to count.
    """

    exposures: Table
    events: Table
    columns: Needs

    @property
    def linked(self) -> bool:
        """Whether an event says which slate it belongs to."""
        return self.columns >= LINK

    @property
    def all_split(self) -> bool:
        """Whether it names no reasons: then every exposure is taken for a random split."""
        return REASON not in self.columns

    @property
    def all_own(self) -> bool:
        """Whether it names no experiments: then every exposure is of the one asked about."""
        return EXPERIMENT not in self.columns

    def require(self, needs: Needs, by: str) -> None:
        """Raise MissingColumn unless the log has them."""
        for table, column in sorted(needs - self.columns):
            raise MissingColumn(table, column, by)


def shaped(exposures: Table, events: Table, spec: ScorecardSpec) -> Log:
    """The log in one form. Raises MissingColumn."""
    served, done = _exposures(exposures, spec), _events(events)
    sizes = {"impressions"} if {"items", "impressions"} & set(exposures.columns) else set()
    here = [("exposures", name) for name in (set(exposures.columns) & set(served.columns)) | sizes]
    there = [("events", name) for name in set(events.columns) & set(done.columns)]
    return Log(exposures=served, events=done, columns=frozenset((*here, *there)))


def _exposures(table: Table, spec: ScorecardSpec) -> Table:
    _require("exposures", table, REQUIRED["exposures"])
    only = spec.phase.number if len(spec.phases) == 1 else None
    items = _item_ids(table)
    at = time_of("exposures", table)
    named = table.select(
        user=ids.as_text(table.user),
        variant=ids.known(table.variant),
        at=at,
        experiment=_or(table, "experiment", "string", ibis.literal(spec.experiment)),
        phase=_or(
            table, "phase", "int64", ibis.literal(only, "int64") if only else _by_time(at, spec)
        ),
        reason=_or(table, "reason", "string", ibis.literal("split")),
        placement=_or(table, "placement", "string", ibis.literal("")),
        request_id=_id(table, "request_id"),
        items=items,
        size=_size(table, items),
        latency_ms=_number(table, "latency_ms"),
        fallback=_or(table, "fallback", "string", ibis.null("string")),
        attributes=_or(table, "attributes", TEXTS, ibis.null(TEXTS)),
    )
    known = named.filter(named.user != "", named.at.notnull())
    return known if "reason" in table.columns else known.filter(known.variant.notnull())


def _events(table: Table) -> Table:
    _require("events", table, REQUIRED["events"])
    return table.select(
        user=ids.as_text(table.user),
        type=table.type.cast("string"),
        at=time_of("events", table),
        item=_id(table, "item"),
        request_id=_id(table, "request_id"),
        value=_number(table, "value"),
        properties=_or(table, "properties", TEXTS, ibis.null(TEXTS)),
    ).filter(lambda t: (t.user != "") & t.at.notnull())


def _require(name: str, table: Table, needed: tuple[str, ...]) -> None:
    for column in needed:
        if column not in table.columns:
            raise MissingColumn(name, column, "every analysis")


def time_of(name: str, table: Table) -> Value:
    """When each row was, in UTC. Raises MissingColumn."""
    _require(name, table, ("at",))
    if not table.at.type().is_timestamp():
        raise MissingColumn(name, "at", "every analysis (a time, in UTC unless it says otherwise)")
    return table.at.cast("timestamp('UTC')")


def _or(table: Table, column: str, kind: str, otherwise: Value) -> Value:
    return table[column].cast(kind) if column in table.columns else otherwise


def _number(table: Table, column: str) -> Value:
    """NaN is how some programs write that there is none."""
    return known_number(_or(table, column, "float64", ibis.null("float64")))


def _id(table: Table, column: str) -> Value:
    return ids.known(table[column]) if column in table.columns else ibis.null("string")


def _item_ids(table: Table) -> Value:
    has_items = "items" in table.columns
    return ids.in_lists(table["items"]) if has_items else ibis.null("array<string>")


def _size(table: Table, items: Value) -> Value:
    if "items" in table.columns:
        return table["items"].length().fill_null(0).cast("int64")
    return _or(table, "impressions", "int64", ibis.null("int64"))


def _by_time(at: Value, spec: ScorecardSpec) -> Value:
    """The newest phase that had begun; before the first, the first."""
    phase: Value = ibis.literal(spec.phases[0].number, "int64")
    for later in spec.phases[1:]:
        started = at >= ibis.literal(later.started_at)
        phase = started.ifelse(ibis.literal(later.number, "int64"), phase)
    return phase
