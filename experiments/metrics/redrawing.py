"""Goals judged a second time, by drawing their users again: an independent check, on demand."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from ibis.expr.types import Table

from experiments.metrics.caps import Caps
from experiments.metrics.columns import Columns
from experiments.metrics.definitions import Metric
from experiments.metrics.numbers import number, text
from experiments.metrics.results import Redrawn
from experiments.metrics.results.comparisons import Redrawing
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.user_values import value_of
from experiments.stats import Resampled, SampleError, Settings, UserValues, bootstrap, permutation
from experiments.stats.arrays import Array
from experiments.stats.reasons import Reason

SEED = 20_260_301
"""Of all draws, so that the same log gives the same figures."""

Place = tuple[str, int]
"""The key of a metric, and which treatment."""


def redraw(
    totals: Table, spec: ScorecardSpec, columns: Columns, caps: Caps
) -> dict[Place, tuple[Redrawn, ...]]:
    """Bootstrap and permutation of every goal and treatment; nothing where none were asked for."""
    if not spec.resamples:
        return {}
    found = {}
    for goal in spec.goals:
        arms = _arms(totals, goal.metric, columns, caps, len(spec.variants))
        for i in range(len(spec.treatments)):
            found[goal.metric.key, i] = _both(arms[0], arms[i + 1], spec)
    return found


def _both(
    control: UserValues | None, treatment: UserValues | None, spec: ScorecardSpec
) -> tuple[Redrawn, ...]:
    if control is None or treatment is None:
        few = str(Reason.TOO_FEW_USERS)
        return tuple(Redrawn(method=m, reason=few) for m in ("bootstrap", "permutation"))
    rng = np.random.default_rng(SEED)
    settings = Settings(method="fixed", scale="absolute", confidence=spec.confidence)
    drawn = bootstrap(control, treatment, rng=rng, settings=settings, resamples=spec.resamples)
    dealt = permutation(control, treatment, rng=rng, resamples=spec.resamples)
    return _plain("bootstrap", drawn), _plain("permutation", dealt)


def _plain(method: Redrawing, found: Resampled) -> Redrawn:
    return Redrawn(
        method=method,
        effect=number(found.effect),
        low=number(found.low),
        high=number(found.high),
        p_value=number(found.p_value),
        drawn=found.drawn,
        dropped=found.dropped,
        reason=text(found.reason),
    )


def _arms(
    totals: Table, metric: Metric, columns: Columns, caps: Caps, variants: int
) -> list[UserValues | None]:
    """Each variant's users; None where it has none."""
    mature = columns.mature(metric.window)
    rows = totals if mature is None else totals.filter(totals[mature])
    yes_or_no = metric.kind in ("proportion", "retention")
    wanted = {
        f"value_{i}": value_of(rows, column, caps, pre=False, yes_or_no=yes_or_no)
        for i, column in enumerate(columns.of(metric))
    }
    # In an order of the values, so that the draws do not depend on that of the rows.
    taken = rows.select("arm", **wanted).order_by("arm", *wanted).to_pyarrow()
    arm = taken["arm"].to_numpy()
    values = [taken[name].to_numpy() for name in wanted]
    ends = np.searchsorted(arm, np.arange(variants + 1))
    return [_users([v[low:high] for v in values]) for low, high in pairwise(ends)]


def _users(values: Sequence[Array]) -> UserValues | None:
    try:
        return UserValues(values=values[0], denominator=values[1] if len(values) > 1 else None)
    except SampleError:  # nobody
        return None
