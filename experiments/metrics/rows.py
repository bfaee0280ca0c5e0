"""From the log to one row per (phase, variant, user, period), as Ibis expressions.

What counts, and where:

- Only exposures that were a random split; an override or any other reason is set aside. A slate
  that fell back to another recommender stays in its arm: the arm is what was assigned, not what
  worked.
- A user belongs to the phase and variant of first exposure. Someone first exposed in an earlier
  phase does not count in this one, and someone seen in two variants of this phase counts in
  neither.
- A user whom a rule marks (see exclusions) counts in no variant, throughout.
- A repeated request id of a user is one slate, the first.
- A click counts when its user, request id and item name an item of a slate, once per item of a
  slate.
- A slate counts in the period it was served in. A click counts in its own period, never in that of
  its slate: a total as of some time holds what had happened by then, and later clicks do not
  rewrite it. A click whose clock says it came before its slate counts with the slate.

Nothing here is executed. The same expressions run on any engine of Ibis; DuckDB is what we test on.
"""

from datetime import UTC

import ibis
from ibis import _
from ibis.expr.types import IntegerValue, Table, TimestampValue

from experiments.metrics.exclusions import marked_users
from experiments.metrics.periods import Grid
from experiments.metrics.spec import ScorecardSpec


def phase_exposures(exposures: Table, spec: ScorecardSpec) -> Table:
    """Exposures of the phase up to as_of, whatever their reason."""
    return exposures.filter(
        _.experiment == spec.experiment,
        _.phase == spec.phase,
        _.at <= ibis.literal(spec.as_of),
    )


def first_exposures(exposures: Table, spec: ScorecardSpec) -> Table:
    """One row per user first exposed in this phase: user, variant (the first), crossed (bool).

    `crossed`: seen in a second variant of the phase, be it one the spec does not list.
    """
    here = _.phase == spec.phase
    return (
        exposures.filter(
            _.experiment == spec.experiment,
            _.phase <= spec.phase,
            _.at <= ibis.literal(spec.as_of),
            _.reason == "split",
            _.variant.notnull(),
        )
        .group_by("user")
        .aggregate(
            first_phase=_.phase.min(),
            variant=_.variant.argmin(_.at, where=here),
            crossed=_.variant.min(where=here) != _.variant.max(where=here),
        )
        .filter(_.first_phase == spec.phase, _.variant.isin(spec.variants))
        .drop("first_phase")
    )


def members(exposures: Table, events: Table, spec: ScorecardSpec) -> Table:
    """`first_exposures`, with `rule`: the place of the rule that leaves the user out, or null."""
    first = first_exposures(exposures, spec)
    if not spec.exclusions:
        return first.mutate(rule=ibis.null("int64"))
    midnight = spec.started_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (_.at >= ibis.literal(midnight), _.at <= ibis.literal(spec.as_of), _.user.notnull())
    marks = marked_users(exposures.filter(*since), events.filter(*since), spec.exclusions)
    return first.left_join(marks, "user").select(first, marks.rule)


def user_periods(
    exposures: Table,
    events: Table,
    spec: ScorecardSpec,
    grid: Grid,
    *,
    everyone: Table | None = None,
) -> Table:
    """Rows: phase, variant, user, period (0-based in `grid`), impressions, clicks (both float64).

    A (user, period) without slate or click has no row; the first row of a user is the period of the
    user's first exposure. `everyone` are the `members` where the caller has them already.
    """
    if everyone is None:
        everyone = members(exposures, events, spec)
    counting = everyone.filter(_.rule.isnull(), ~_.crossed)
    slates = (
        phase_exposures(exposures, spec)
        .filter(_.reason == "split")
        .select("user", "request_id", "items", served_at=_.at)
    )
    counted = ibis.union(_impressions(slates, grid), _clicks(slates, events, spec, grid))
    return (
        counted.group_by("user", "period")
        .aggregate(
            impressions=_.impressions.sum().cast("float64"), clicks=_.clicks.sum().cast("float64")
        )
        .inner_join(counting.select("user", "variant"), "user")
        .select(
            "variant", "user", "period", "impressions", "clicks", phase=ibis.literal(spec.phase)
        )
    )


def _impressions(slates: Table, grid: Grid) -> Table:
    return (
        slates.group_by("user", "request_id")
        .aggregate(served=_.items.length().argmin(_.served_at), at=_.served_at.min())
        .select(
            "user",
            period=_period(_.at, grid),
            impressions=_.served.cast("int64"),
            clicks=ibis.literal(0, "int64"),
        )
    )


def _clicks(slates: Table, events: Table, spec: ScorecardSpec, grid: Grid) -> Table:
    clicks = events.filter(
        _.type == "click",
        _.at <= ibis.literal(spec.as_of),
        _.request_id.notnull(),
        _.item.notnull(),
    ).select("user", "request_id", "item", clicked_at=_.at)
    return (
        clicks.inner_join(slates, ["user", "request_id"])
        .filter(_.items.map(lambda item: item.id).contains(_.item))
        .group_by("user", "request_id", "item")
        .aggregate(clicked_at=_.clicked_at.min(), served_at=_.served_at.min())
        .select(
            "user",
            period=_period(ibis.greatest(_.clicked_at, _.served_at), grid),
            impressions=ibis.literal(0, "int64"),
            clicks=ibis.literal(1, "int64"),
        )
    )


def _period(at: TimestampValue, grid: Grid) -> IntegerValue:
    """The period of a time; before the start (a clock ahead of ours) counts as the first."""
    index = ((at.epoch_seconds() - grid.anchor) / grid.seconds).floor().cast("int64")
    return ibis.least(ibis.greatest(index, 0), grid.periods - 1)
