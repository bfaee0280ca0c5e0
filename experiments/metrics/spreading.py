"""How users are spread over the values of each metric: a bounded histogram and quantiles per arm.

Bins are round steps from the least value to the 99th percentile, the same for all arms, so one user
with a thousand times the usual does not flatten the picture; those beyond are in the last bin.
"""

import math
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import NumericValue, Table

from experiments.metrics.columns import Columns
from experiments.metrics.definitions import Metric
from experiments.metrics.engine import percentiles
from experiments.metrics.results import ArmSpread, Spread
from experiments.metrics.results.spread import QUANTILES
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.user_values import value_of

MOST_BINS = 30
STEPS = (1.0, 2.0, 5.0, 10.0)


def spreads(totals: Table, spec: ScorecardSpec, columns: Columns) -> dict[str, Spread]:
    """By metric, where the spec asks; none of proportions, whose users have 0 or 1, and of metrics
    of which nobody has a value yet.
    """
    if not spec.distributions:
        return {}
    asked = (t.metric for t in spec.metrics if t.metric.kind in ("mean", "ratio"))
    found = ((metric.key, _spread(_values(totals, metric, columns), spec)) for metric in asked)
    return {key: spread for key, spread in found if spread is not None}


def _values(totals: Table, metric: Metric, columns: Columns) -> Table:
    """Rows: arm, value."""
    mature = columns.mature(metric.window)
    rows = totals if mature is None else totals.filter(totals[mature])
    parts = [value_of(rows, c, {}, pre=False, yes_or_no=False) for c in columns.of(metric)]
    if len(parts) == 1:
        return rows.select("arm", value=parts[0])
    ratio: NumericValue = parts[0] / parts[1]
    return rows.filter(parts[1] > 0).select("arm", value=ratio)


def _spread(values: Table, spec: ScorecardSpec) -> Spread | None:
    arms = _summaries(values)
    if not arms:
        return None
    low = min(arm["least"] for arm in arms.values())
    high = max(arm["quantiles"][-1] for arm in arms.values())
    whole = all(arm["whole"] for arm in arms.values())
    low, step, bins = bins_of(low, high, whole=whole)
    counts = _histogram(values, low, step, bins)
    return Spread(
        low=low,
        step=step,
        open=max(arm["largest"] for arm in arms.values()) >= low + step * bins,
        whole=whole,
        arms=tuple(
            _arm(variant, arms.get(place), [counts.get((place, b), 0) for b in range(bins)])
            for place, variant in enumerate(spec.variants)
        ),
    )


def _arm(variant: str, found: dict[str, Any] | None, counts: list[int]) -> ArmSpread:
    return ArmSpread(
        variant=variant,
        users=found["users"] if found else 0,
        zeros=found["zeros"] if found else 0,
        largest=found["largest"] if found else None,
        quantiles=tuple(found["quantiles"]) if found else (),
        counts=tuple(counts),
    )


def _summaries(values: Table) -> dict[int, dict[str, Any]]:
    found = values.group_by("arm").aggregate(
        users=_.count(),
        zeros=(_.value == 0).sum(),
        least=_.value.min(),
        largest=_.value.max(),
        whole=(_.value == _.value.round()).all(),
        quantiles=percentiles(values.value, ibis.array(list(QUANTILES))),
    )
    return {row.pop("arm"): row for row in found.to_pyarrow().to_pylist()}


def bins_of(low: float, high: float, *, whole: bool) -> tuple[float, float, int]:
    """Where the first bin begins, how wide bins are and how many, from `low` to `high`: at most
    MOST_BINS, from a multiple of a round step. Whole numbers are never cut in between.
    """
    reach = high - min(low, 0.0) or 1.0
    rough = reach / (MOST_BINS - 2)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * s for s in STEPS if size * s >= rough * (1 - 1e-12))
    step = max(step, 1.0) if whole else step
    first = math.floor(min(low, 0.0) / step + 1e-9) * step
    return first, step, max(math.floor((high - first) / step + 1e-9) + 1, 1)


def _histogram(values: Table, low: float, step: float, bins: int) -> dict[tuple[int, int], int]:
    place = ((values.value - low) / step + 1e-9).floor().cast("int64")
    inside = ibis.least(ibis.greatest(place, 0), bins - 1)
    found = values.group_by("arm", bin=inside).aggregate(users=_.count()).to_pyarrow().to_pylist()
    return {(row["arm"], row["bin"]): row["users"] for row in found}
