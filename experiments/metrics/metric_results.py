"""All that a scorecard holds of one metric, put together."""

import numpy as np
from msgspec.structs import replace

from experiments.metrics import arms as arm
from experiments.metrics.comparing import TESTS, every, latest_results
from experiments.metrics.counting import Counted
from experiments.metrics.definitions import Metric
from experiments.metrics.reading import Read
from experiments.metrics.results import MetricResult, Uncapped, VariantComparison
from experiments.metrics.samples import samples
from experiments.metrics.segmenting import differences, segment_results
from experiments.metrics.spec import ScorecardSpec
from experiments.metrics.terms import Term


def metric_result(
    spec: ScorecardSpec, found: Read, counted: Counted, compared: tuple[VariantComparison, ...]
) -> MetricResult:
    """All that the scorecard holds of the metric."""
    metric, role = found.tracked.metric, found.tracked.role
    segments = segment_results(spec, metric, counted)
    return MetricResult(
        metric=metric.key,
        name=metric.name,
        kind=metric.kind,
        direction=metric.direction,
        format=metric.format,
        primary=metric.key == spec.primary,
        values=arm.latest(arm.arm_values(found.samples.pooled, spec.confidence), spec.variants),
        comparisons=compared,
        role=role,
        required=found.tracked.required,
        currency=metric.currency,
        counts=" / ".join(measure.words for measure in metric.measures),
        fingerprint=metric.fingerprint,
        immature=_immature(found, counted),
        caps=tuple(_cap(counted, c.name, c.scale) for c in counted.columns.of(metric)),
        segments=segments,
        heterogeneity=differences(spec, segments),
        spread=counted.spreads.get(metric.key),
        uncapped=_uncapped(spec, metric, counted),
    )


def _uncapped(spec: ScorecardSpec, metric: Metric, counted: Counted) -> tuple[Uncapped, ...]:
    """What the tests say of users' whole totals, of a metric whose totals are cut off."""
    if not spec.distributions or metric.winsorise is None:
        return ()
    plain = replace(metric, winsorise=None)
    found = samples(counted.moments, plain, counted.columns, cuped=spec.lookback > 0)
    results = latest_results(spec, plain, found, every(found, TESTS))
    return tuple(
        Uncapped(variant=variant, results=each)
        for variant, each in zip(spec.treatments, results, strict=True)
    )


def _immature(found: Read, counted: Counted) -> tuple[int, ...]:
    everyone = counted.moments.of(Term(None))[:, :, -1].sum(axis=0)
    mature = counted.moments.of(Term(found.tracked.metric.window))[:, :, -1].sum(axis=0)
    return tuple(int(n) for n in np.asarray(everyone - mature))


def _cap(counted: Counted, name: str, scale: int) -> float | None:
    cap = counted.caps.get(name)
    return None if cap is None else cap / scale
