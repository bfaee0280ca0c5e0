"""Everyone as one arm: a stretch of the log counted like an experiment that all users are in.

So every total, cap, window and rule is the engine's own, for figures that are about users and not
about a comparison.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import ibis
from ibis.expr.types import BooleanValue, Table

from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import MissingColumn
from experiments.metrics.exclusions import Exclusion
from experiments.metrics.shape import time_of
from experiments.metrics.spec import PhaseSpec, ScorecardSpec, Tracked

NAME, EVERYONE, NOBODY = "baseline", "everyone", "nobody"
DAY = timedelta(days=1)


def one_arm_spec(
    metrics: Sequence[Metric],
    since: datetime,
    until: datetime,
    lookback_days: float,
    exclusions: tuple[Exclusion, ...],
) -> ScorecardSpec:
    """The experiment of one arm; the engine wants a second, where nobody is."""
    goal, *others = metrics
    return ScorecardSpec(
        experiment=NAME,
        control=EVERYONE,
        variants=(EVERYONE, NOBODY),
        phases=(PhaseSpec(number=1, started_at=since, weights=(1.0, 1.0)),),
        as_of=until,
        metrics=(Tracked(metric=goal, role="goal"), *(Tracked(metric=m) for m in others)),
        tuning=1.0,
        lookback_days=lookback_days,
        exclusions=exclusions,
    )


def recent(table: Table, name: str, spec: ScorecardSpec) -> Table:
    """What the pre-period can reach, and the rules' first midnight with it."""
    since = spec.started_at - max(timedelta(seconds=spec.lookback), DAY)
    return table.filter(time_of(name, table) >= ibis.literal(since))


def as_experiment(exposures: Table, placement: str | None, spec: ScorecardSpec) -> Table:
    """Slates of the placement (None: of all, as if they were one) since the start as those of the
    experiment, all others as of none.

    Others stay: the pre-period and the rules for bots look at them.
    """
    slates = recent(exposures, "exposures", spec)
    here = is_on(slates, placement)
    ours = here & (time_of("exposures", slates) >= ibis.literal(spec.started_at))
    one = {} if placement is not None else {"placement": ibis.literal("")}
    named = slates.mutate(
        experiment=ours.ifelse(ibis.literal(NAME), ibis.null("string")),
        phase=ibis.literal(1, "int64"),
        variant=ibis.literal(EVERYONE),
        **one,
    )
    return named.drop("reason") if "reason" in named.columns else named


def is_on(slates: Table, placement: str | None) -> BooleanValue:
    """Whether each slate is on the placement; None takes all. Raises MissingColumn."""
    if placement is None:
        return slates.at.notnull()
    if "placement" not in slates.columns:
        raise MissingColumn("exposures", "placement", f"the placement {placement!r}")
    return (slates.placement == placement).fill_null(False)
