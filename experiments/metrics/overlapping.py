"""Users of the experiment who are in others at the same time, counted by where they stand in both.

One query, and none beyond a look for a first row where no other experiment served anybody.
"""

from dataclasses import dataclass

import ibis
from ibis import _
from ibis.expr.types import Table

from experiments.metrics.engine import microseconds
from experiments.metrics.people import split
from experiments.metrics.shape import Log
from experiments.metrics.spec import ScorecardSpec

ORDER = ("phase", "phase_there", "there_first")
"""Within one of these a user's share in both experiments hangs on the arm of one of them at most:
who was here first may come there because of the arm here, and the other way round.
"""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Users of one arm here and one variant there, None for those seen in two of a phase there.

    `stratum` has the values of ORDER.
    """

    experiment: str
    stratum: tuple[int, int, bool]
    arm: int
    variant: str | None
    users: int


def shared_users(log: Log, members: Table, spec: ScorecardSpec) -> tuple[Cell, ...] | None:
    """Of `members`, those who were served by a split of another experiment from the start on.

    None where the log names no experiments. As here, a user belongs to the first phase there.
    """
    if log.all_own:
        return None
    others = _others(log, spec)
    if not others.select("experiment").limit(1).to_pyarrow().num_rows:
        return ()
    here = members.select("user", "uid", "phase", "arm", "first_at")
    there = _first_phase(others.join(here, "user"))
    counted = there.group_by("experiment", *ORDER, "arm", "variant").aggregate(users=_.count())
    return tuple(
        Cell(
            experiment=row["experiment"],
            stratum=(row["phase"], row["phase_there"], row["there_first"]),
            arm=row["arm"],
            variant=row["variant"],
            users=row["users"],
        )
        for row in counted.to_pyarrow().to_pylist()
    )


def _others(log: Log, spec: ScorecardSpec) -> Table:
    seen = log.exposures
    return seen.filter(
        seen.experiment != spec.experiment,
        split(seen),
        seen.at >= ibis.literal(spec.started_at),
        seen.at <= ibis.literal(spec.as_of),
    ).select("user", "experiment", "variant", "at", phase_there=seen.phase.fill_null(0))


def _first_phase(shared: Table) -> Table:
    """A row per user and other experiment."""
    each = shared.group_by("uid", "experiment", "phase_there").aggregate(
        **{name: shared[name].arbitrary() for name in ("phase", "arm", "first_at")},
        at=_.at.min(),
        least=_.variant.min(),
        most=_.variant.max(),
    )
    first = each.phase_there
    one = (each.least == each.most).ifelse(each.least, ibis.literal(""))
    return (
        each.mutate(one=one)
        .group_by("uid", "experiment")
        .aggregate(
            **{name: each[name].arbitrary() for name in ("phase", "arm")},
            phase_there=first.min(),
            variant=_.one.argmin(_.phase_there).nullif(""),
            there_first=microseconds(_.at.min()) < _.first_at.min(),
        )
    )
