"""Every treatment against the control, at every as-of time at once."""

from datetime import datetime
from itertools import product
from typing import cast, get_args

import numpy as np

from experiments.metrics.definitions import Metric
from experiments.metrics.judging import Judge, floor_over_arms, holm, running_minimum
from experiments.metrics.numbers import number, part, text
from experiments.metrics.results import (
    ComparisonResult,
    LiftPoint,
    Method,
    RunningMinimum,
    Scale,
    VariantComparison,
)
from experiments.metrics.samples import Sample
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Comparison, Settings, compare, floor

Before = dict[str, RunningMinimum | None]


def compare_arms(spec: ScorecardSpec, sample: Sample, method: Method, scale: Scale) -> Comparison:
    """All treatments against the control; results have shape (treatments, periods)."""
    settings = Settings(confidence=spec.confidence, scale=scale, method=method, tuning=spec.tuning)
    return compare(part(sample, slice(0, 1)), part(sample, slice(1, None)), settings)


def comparisons(
    spec: ScorecardSpec, metric: Metric, sample: Sample, *, healthy: bool, before: Before
) -> tuple[VariantComparison, ...]:
    """The metric's comparisons at as_of. `before` holds the running minima of earlier looks."""
    results = _latest_results(spec, sample)
    lowest = floor_over_arms(sample, spec.variants)
    looks = [next(r for r in found if _decides(r)) for found in results]
    running = [
        running_minimum(
            before.get(variant), look.p_value, look.effect, judged=healthy and lowest.reached
        )
        for variant, look in zip(spec.treatments, looks, strict=True)
    ]
    shown = [
        look.p_value if least is None else least.p_value
        for look, least in zip(looks, running, strict=True)
    ]
    adjusted = holm(shown) if metric.key == spec.primary else shown
    judge = Judge(alpha=1 - spec.confidence, direction=metric.direction, healthy=healthy)
    return tuple(
        VariantComparison(
            variant=variant,
            results=results[i],
            running=running[i],
            p_value=shown[i],
            adjusted_p_value=adjusted[i],
            floor=lowest,
            reading=judge.read(
                floor=lowest,
                running=running[i],
                adjusted_p_value=adjusted[i],
                effect=looks[i].effect,
            ),
        )
        for i, variant in enumerate(spec.treatments)
    )


def _decides(result: ComparisonResult) -> bool:
    """The sequential test decides; on the absolute scale it has an answer wherever there is one."""
    return result.method == "sequential" and result.scale == "absolute"


def _latest_results(spec: ScorecardSpec, sample: Sample) -> list[tuple[ComparisonResult, ...]]:
    now = part(sample, np.s_[:, -1:])
    found = [
        compare_arms(spec, now, method, scale)
        for method, scale in product(get_args(Method), get_args(Scale))
    ]
    return [
        tuple(_result(comparison, i) for comparison in found) for i in range(len(spec.treatments))
    ]


def _result(comparison: Comparison, treatment: int) -> ComparisonResult:
    at = (treatment, -1)
    return ComparisonResult(
        method=cast(Method, comparison.method),
        scale=comparison.scale,
        effect=number(np.asarray(comparison.effect)[at]),
        low=number(np.asarray(comparison.low)[at]),
        high=number(np.asarray(comparison.high)[at]),
        p_value=number(np.asarray(comparison.p_value)[at]),
        std_error=number(np.asarray(comparison.std_error)[at]),
        df=number(np.asarray(comparison.df)[at]),
        reason=text(np.asarray(comparison.reason, dtype=object)[at]),
    )


def lifts(spec: ScorecardSpec, sample: Sample, ends: tuple[datetime, ...]) -> tuple[LiftPoint, ...]:
    """The relative effect with its always-valid interval at every as-of time, per treatment."""
    found = compare_arms(spec, sample, "sequential", "relative")
    effect, low, high = (np.asarray(a) for a in (found.effect, found.low, found.high))
    arms = floor(sample)
    missing = np.asarray(arms.users_missing) + np.asarray(arms.precision_missing)
    judged = (missing == 0).all(axis=0)
    return tuple(
        LiftPoint(
            as_of=end,
            variant=variant,
            effect=number(effect[i, k]),
            low=number(low[i, k]),
            high=number(high[i, k]),
            judged=bool(judged[k]),
        )
        for i, variant in enumerate(spec.treatments)
        for k, end in enumerate(ends)
    )
