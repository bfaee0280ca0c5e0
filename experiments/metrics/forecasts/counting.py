"""From the log to a baseline: a placement counted like an experiment of one arm, with all in it.

So every total, cap, window and rule is the engine's own, and a baseline is what an experiment that
had begun at `since` would have seen by `until` of its control.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime

import ibis
import numpy as np
from ibis import _
from ibis.expr.types import Table
from numpy.typing import NDArray

from experiments.metrics.analysis import Analysis
from experiments.metrics.caps import find_caps
from experiments.metrics.columns import Columns
from experiments.metrics.definitions import Metric
from experiments.metrics.engine import SECOND, micros
from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.exclusions import DEFAULT, Exclusion
from experiments.metrics.forecasts.baseline import Baseline, Measured, sums_of
from experiments.metrics.forecasts.placing import begin, first_slates
from experiments.metrics.moments import Moments, Summing
from experiments.metrics.one_arm import DAY, as_experiment, one_arm_spec, recent
from experiments.metrics.samples import part, samples
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.terms import terms_of

MOST_DAYS = 365


def baseline(
    exposures: Table,
    events: Table,
    metrics: Sequence[Metric],
    *,
    placement: str | None,
    until: datetime,
    days: int = 14,
    lookback_days: float = 14.0,
    exclusions: tuple[Exclusion, ...] = DEFAULT,
) -> Baseline:
    """What all users exposed on a placement in the `days` before `until` did by then.

    It does not matter which experiment served them, or none. A log that begins later shortens the
    time, to whole days where there is one. Raises NoTraffic, MissingColumn and InvalidSpec.
    """
    if not (metrics and 1 <= days <= MOST_DAYS and 0 <= lookback_days <= MOST_DAYS):
        raise InvalidSpec(
            f"A baseline needs a metric, 1 to {MOST_DAYS} days, and no more lookback."
        )
    first = first_slates(exposures, placement, until, days, lookback_days)
    since = begin(first["within"], until, days)
    spec = one_arm_spec(metrics, since, until, lookback_days, exclusions)
    covered = (since - first["ever"]) / DAY
    with ExitStack() as stack:
        read = (as_experiment(exposures, placement, spec), recent(events, "events", spec))
        analysis = Analysis(*read, spec, stack)
        sums = _sums(analysis, spec)
        arrived = _arrivals(analysis.counting, spec)
        return Baseline(
            placement=placement,
            since=since,
            until=until,
            users=int(arrived.sum()),
            new_users=tuple(int(n) for n in arrived[: (until - since) // DAY]),
            lookback_days=lookback_days,
            lookback_covered=min(max(covered, 0.0), lookback_days),
            measured=tuple(_measured(m, sums, analysis.columns, spec) for m in metrics),
        )


def _sums(analysis: Analysis, spec: ScorecardSpec) -> Moments:
    columns, totals = analysis.columns, analysis.totals
    own = (tracked.metric for tracked in spec.metrics)
    terms = set().union(*(terms_of(m, columns, cuped=spec.lookback > 0) for m in own))
    return Summing(spec, columns, find_caps(totals, spec, columns), terms).at_as_of(totals)


def _measured(metric: Metric, sums: Moments, columns: Columns, spec: ScorecardSpec) -> Measured:
    found = samples(sums, metric, columns, cuped=spec.lookback > 0)
    one = np.s_[0, -1]
    return Measured(
        metric=metric,
        sums=sums_of(part(found.plain[0], one)),
        cuped_sums=None if found.cuped is None else sums_of(part(found.cuped[0], one)),
    )


def _arrivals(counting: Table, spec: ScorecardSpec) -> NDArray[np.int64]:
    """Users by the day of first exposure; the last instant belongs to the day it ends."""
    span = spec.as_of - spec.started_at
    last = max(-(-span // DAY) - 1, 0)
    since = counting.first_at - micros(spec.started_at)
    day = ibis.least(since // (86_400 * SECOND), last).cast("int64")
    table = counting.group_by(day=day).aggregate(users=_.count()).to_pyarrow()
    arrived = np.zeros(last + 1, dtype=np.int64)
    arrived[table["day"].to_numpy()] = table["users"].to_numpy()
    return arrived
