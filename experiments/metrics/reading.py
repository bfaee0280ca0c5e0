"""From samples to what a scorecard says of each metric."""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from experiments.metrics import arms as arm
from experiments.metrics.comparing import (
    TESTS,
    compare_arms,
    judged_looks,
    latest_results,
    now,
    settings_of,
)
from experiments.metrics.counting import Counted
from experiments.metrics.guarding import guardrails
from experiments.metrics.judging import Judge, adjusted, floor_over_arms, running_minimum
from experiments.metrics.numbers import number
from experiments.metrics.results import (
    ComparisonResult,
    Floor,
    Guardrail,
    Method,
    MetricResult,
    RunningMinimum,
    VariantComparison,
)
from experiments.metrics.samples import Samples, samples
from experiments.metrics.segmenting import differences, segment_results
from experiments.metrics.spec import ScorecardSpec, Tracked
from experiments.metrics.terms import Term

Before = dict[str, VariantComparison]
"""What an earlier look at the same metric said, by variant."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """One metric before the correction over goals; lists hold one entry per treatment."""

    tracked: Tracked
    samples: Samples
    results: list[tuple[ComparisonResult, ...]]
    running: list[RunningMinimum | None]
    guardrails: list[Guardrail | None]
    weights: list[tuple[float | None, ...]]
    floor: Floor

    def deciding(self, i: int, *, cuped: bool) -> ComparisonResult:
        """The sequential test; on the absolute scale it has an answer wherever there is one."""
        wanted = ("sequential", "absolute", cuped)
        return next(r for r in self.results[i] if (r.method, r.scale, r.cuped) == wanted)

    def shown(self, i: int, *, cuped: bool) -> float | None:
        """The p to show: the least so far, or this look's."""
        running = self.running[i]
        return self.deciding(i, cuped=cuped).p_value if running is None else running.p_value


def read(
    spec: ScorecardSpec, tracked: Tracked, counted: Counted, *, healthy: bool, before: Before
) -> Read:
    """Compare the arms on one metric."""
    metric = tracked.metric
    found = samples(counted.moments, metric, counted.columns, cuped=spec.lookback > 0)
    settings = settings_of(spec, "sequential", "absolute")
    looks = judged_looks(spec, metric, found, healthy=healthy, settings=settings)
    floor = floor_over_arms(found.pooled, spec.variants, metric.minimum_users)
    guards = {v: before[v].guardrail if v in before else None for v in spec.treatments}
    methods = TESTS if len(spec.phases) > 1 else get_args(Method)
    results = latest_results(spec, metric, found, methods)
    weights = compare_arms(now(found), settings, cuped=spec.cuped).weights
    return Read(
        tracked=tracked,
        samples=found,
        results=results,
        running=[
            running_minimum(before[v].running if v in before else None, looks[i])
            for i, v in enumerate(spec.treatments)
        ],
        guardrails=guardrails(
            spec, tracked, found, results, healthy=healthy, floor=floor, before=guards
        ),
        weights=[
            tuple(number(w) or None for w in weights[:, i, -1]) for i in range(len(spec.treatments))
        ],
        floor=floor,
    )


def corrected(spec: ScorecardSpec, metrics: list[Read]) -> dict[tuple[str, int], float | None]:
    """The p each reading uses: of goals corrected together over goals and treatments."""
    places = [(m, i) for m in metrics for i in range(len(spec.treatments))]
    shown = {(m.tracked.metric.key, i): m.shown(i, cuped=spec.cuped) for m, i in places}
    goals = [(m.tracked.metric.key, i) for m, i in places if m.tracked.role == "goal"]
    return shown | dict(zip(goals, adjusted([shown[place] for place in goals]), strict=True))


def comparisons(
    spec: ScorecardSpec, metric: Read, adjusted_p: list[float | None], *, healthy: bool
) -> tuple[VariantComparison, ...]:
    """The metric's comparisons at as_of."""
    judge = Judge(
        alpha=1 - spec.confidence, direction=metric.tracked.metric.direction, healthy=healthy
    )
    return tuple(
        VariantComparison(
            variant=variant,
            results=metric.results[i],
            running=metric.running[i],
            p_value=metric.shown(i, cuped=spec.cuped),
            adjusted_p_value=adjusted_p[i],
            floor=metric.floor,
            reading=judge.read(
                floor=metric.floor,
                running=metric.running[i],
                adjusted_p_value=adjusted_p[i],
                effect=metric.deciding(i, cuped=spec.cuped).effect,
            ),
            guardrail=metric.guardrails[i],
            phase_weights=metric.weights[i],
        )
        for i, variant in enumerate(spec.treatments)
    )


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
        currency=metric.currency,
        counts=" / ".join(measure.words for measure in metric.measures),
        fingerprint=metric.fingerprint,
        immature=_immature(found, counted),
        caps=tuple(_cap(counted, c.name, c.scale) for c in counted.columns.of(metric)),
        segments=segments,
        heterogeneity=differences(spec, segments),
    )


def _immature(found: Read, counted: Counted) -> tuple[int, ...]:
    everyone = counted.moments.of(Term(None))[:, :, -1].sum(axis=0)
    mature = counted.moments.of(Term(found.tracked.metric.window))[:, :, -1].sum(axis=0)
    return tuple(int(n) for n in np.asarray(everyone - mature))


def _cap(counted: Counted, name: str, scale: int) -> float | None:
    cap = counted.caps.get(name)
    return None if cap is None else cap / scale
