"""Runs the queries: what comes out is a handful of small arrays, and the rest is arithmetic."""

from contextlib import ExitStack
from dataclasses import dataclass, field

from ibis import _
from ibis.expr.types import Table

from experiments.metrics.analysis import Analysis
from experiments.metrics.breaking_down import break_down
from experiments.metrics.caps import Caps, find_caps
from experiments.metrics.catalogue import Catalogue
from experiments.metrics.columns import Columns
from experiments.metrics.definitions import Metric
from experiments.metrics.describing import describe
from experiments.metrics.moments import Floats, Moments, Summing
from experiments.metrics.overlapping import Cell, shared_users
from experiments.metrics.redrawing import Place, redraw
from experiments.metrics.results import Breakdown, Described, Redrawn, Spread
from experiments.metrics.segments import Segment, cut_by
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.spreading import spreads
from experiments.metrics.terms import Term, terms_of

Counts = tuple[int, ...]
"""One per variant, in the order of the spec."""


@dataclass(frozen=True, kw_only=True)
class Who:
    """Users per phase, counted by the variant they saw first; `left_out` for each rule.

    Who is left out by a rule is in none of the others. `absent` were first seen in an arm that
    takes no users in the phase, and are in `absent` alone.
    """

    first_seen: tuple[Counts, ...]
    crossed: tuple[Counts, ...]
    absent: tuple[Counts, ...]
    left_out: tuple[tuple[Counts, ...], ...]
    exposures_forced: int


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Everything read from the log. `users` counts those analysed, per phase; `volume` holds the
    metrics that tell the size of an arm; `shared` is None where the log names no experiments.
    """

    columns: Columns
    moments: Moments
    segments: tuple[tuple[Segment, Moments], ...]
    caps: Caps
    users: tuple[Counts, ...]
    who: Who
    volume: tuple[Metric, ...]
    described: tuple[Described, ...]
    shared: tuple[Cell, ...] | None
    redrawn: dict[Place, tuple[Redrawn, ...]]
    breakdown: Breakdown | None = None
    spreads: dict[str, Spread] = field(default_factory=dict)


def count_log(
    exposures: Table, events: Table, spec: ScorecardSpec, catalogue: Catalogue | None = None
) -> Counted:
    """Everything that the spec asks of the log. Raises MissingColumn."""
    with ExitStack() as stack:
        analysis = Analysis(exposures, events, spec, stack)
        columns, totals = analysis.columns, analysis.totals
        caps = find_caps(totals, spec, columns)
        cuped = spec.lookback > 0
        terms = {Term(None)}.union(*(terms_of(m, columns, cuped=cuped) for m in analysis.metrics))
        summing = Summing(spec, columns, caps, terms)
        if spec.series:
            moments = summing.over_time(totals, analysis.rows, analysis.cut)
        else:
            moments = summing.at_as_of(totals)
        return Counted(
            columns=columns,
            moments=moments,
            segments=cut_by(totals, spec, summing),
            caps=caps,
            users=_whole(moments.of(Term(None))[:, :, -1]),
            who=_who(analysis.everyone, analysis.left_out, spec),
            volume=analysis.volume,
            described=describe(analysis.log, analysis.counting, spec, catalogue)
            if spec.described
            else (),
            redrawn=redraw(totals, spec, columns, caps),
            breakdown=break_down(analysis.log, analysis.counting, analysis.links, spec, catalogue)
            if spec.described
            else None,
            spreads=spreads(totals, spec, columns),
            shared=shared_users(analysis.log, analysis.counting, spec),
        )


def _who(everyone: Table, left_out: Table, spec: ScorecardSpec) -> Who:
    """Who was seen where first, who in two variants, and whom rules leave out."""
    ruled = everyone.left_join(left_out, "uid")
    found = ruled.group_by("phase", "arm", "absent", "rule").aggregate(
        users=_.count(),
        crossed=_.crossed.fill_null(False).cast("int64").sum(),
        forced=_.forced.sum().cast("int64"),
    )
    cells = found.to_pyarrow().to_pylist()
    seen = {
        (cell["phase"], cell["rule"], kind, cell[kind]): cell
        for cell in cells
        for kind in ("arm", "absent")
    }

    def count(rule: int | None, name: str, kind: str = "arm") -> tuple[Counts, ...]:
        return tuple(
            tuple(
                int(seen.get((phase, rule, kind, variant), {}).get(name, 0))
                for variant in range(len(spec.variants))
            )
            for phase in range(len(spec.phases))
        )

    return Who(
        first_seen=count(None, "users"),
        crossed=count(None, "crossed"),
        absent=count(None, "users", "absent"),
        left_out=tuple(count(place, "users") for place in range(len(spec.exclusions))),
        exposures_forced=int(sum(cell["forced"] or 0 for cell in cells)),
    )


def _whole(users: Floats) -> tuple[Counts, ...]:
    return tuple(tuple(int(n) for n in phase) for phase in users)
