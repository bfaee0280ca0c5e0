"""From samples to what a scorecard says of each metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from experiments.metrics.arms import control_beside
from experiments.metrics.comparing import (
    TESTS,
    Wanted,
    compare_arms,
    due,
    every,
    judged_looks,
    latest_results,
    results_by,
    settings_of,
)
from experiments.metrics.correcting import Corrected, Place, Shown, corrected
from experiments.metrics.guarding import guardrails
from experiments.metrics.judging import Judge, first, look_that_counts
from experiments.metrics.numbers import number, text
from experiments.metrics.presence import floor_of
from experiments.metrics.results import (
    ComparisonResult,
    Floor,
    Guardrail,
    Method,
    Redrawn,
    Scale,
    VariantComparison,
)
from experiments.metrics.samples import Samples
from experiments.metrics.spec import ScorecardSpec, Tracked
from experiments.stats import at_confidence

Before = dict[str, VariantComparison]
"""What an earlier look at the same metric said, by variant."""

NOT_REDRAWN: Mapping[Place, tuple[Redrawn, ...]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Read:
    """One metric before the correction over goals; lists hold one entry per treatment."""

    tracked: Tracked
    samples: Samples
    results: list[tuple[ComparisonResult, ...]]
    shown: list[Shown]
    due: list[bool]
    guardrails: list[Guardrail | None]
    weights: list[tuple[float | None, ...]]
    left_out: list[tuple[str | None, ...]]
    floors: list[Floor]
    redrawn: list[tuple[Redrawn, ...]]


def wanted_of(spec: ScorecardSpec, samples: Samples) -> list[Wanted]:
    """All results there are; of several phases a posterior is none."""
    return every(samples, TESTS if len(spec.phases) > 1 else get_args(Method))


def read(
    spec: ScorecardSpec,
    tracked: Tracked,
    found: Samples,
    *,
    healthy: bool,
    before: Before,
    wanted: Sequence[Wanted],
    redrawn: Mapping[Place, tuple[Redrawn, ...]] = NOT_REDRAWN,
) -> Read:
    """Compare the arms on one metric. `wanted` has the deciding method, and of a guardrail the
    sequential one, on both scales.
    """
    metric = tracked.metric
    floors = [
        floor_of(spec, found, i + 1, metric.minimum_users) for i in range(len(spec.treatments))
    ]
    guards = {v: before[v].guardrail if v in before else None for v in spec.treatments}
    results = latest_results(spec, metric, found, wanted)
    settings = settings_of(spec, "sequential", "absolute")
    compared = compare_arms(spec, found.latest, settings, cuped=spec.cuped)
    return Read(
        tracked=tracked,
        samples=found,
        results=results,
        shown=_shown(spec, tracked, found, results, healthy=healthy, before=before),
        due=[bool(each) for each in due(spec, found, spec.method)[:, -1]],
        guardrails=guardrails(
            spec, tracked, found, results, healthy=healthy, floors=floors, before=guards
        ),
        weights=[
            tuple(number(w) or None for w in compared.weights[:, i, -1])
            for i in range(len(spec.treatments))
        ],
        left_out=[
            tuple(text(reason) for reason in compared.left_out[:, i, -1])
            for i in range(len(spec.treatments))
        ],
        floors=floors,
        redrawn=[redrawn.get((metric.key, i), ()) for i in range(len(spec.treatments))],
    )


def _shown(
    spec: ScorecardSpec,
    tracked: Tracked,
    found: Samples,
    results: list[tuple[ComparisonResult, ...]],
    *,
    healthy: bool,
    before: Before,
) -> list[Shown]:
    """On the absolute scale, which has an answer wherever there is one."""
    settings = settings_of(spec, spec.method, "absolute")
    looks = judged_looks(spec, tracked.metric, found, healthy=healthy, settings=settings)
    last = looks
    if found.latest is not found:
        last = judged_looks(spec, tracked.metric, found.latest, healthy=healthy, settings=settings)
    said = []
    for i, variant in enumerate(spec.treatments):
        this = _entry(results[i], spec, "absolute")
        earlier = before[variant].judged if variant in before else None
        counts = look_that_counts(spec.method, earlier, looks[i])
        said.append(
            Shown(
                judged=counts,
                now=first(last[i]),
                p_value=this.p_value if counts is None else counts.p_value,
                e_value=this.e_value,
            )
        )
    return said


def _entry(
    results: tuple[ComparisonResult, ...], spec: ScorecardSpec, scale: Scale
) -> ComparisonResult:
    wanted = (spec.method, scale, spec.cuped)
    return next(r for r in results if (r.method, r.scale, r.cuped) == wanted)


def compared(
    spec: ScorecardSpec, reads: Sequence[Read], *, healthy: bool
) -> dict[str, tuple[VariantComparison, ...]]:
    """The comparisons at as_of by metric, the goals corrected together."""
    treatments = range(len(spec.treatments))
    found = corrected(
        spec, {(r.tracked.metric.key, i): r.shown[i] for r in reads for i in treatments}
    )
    return {
        (key := r.tracked.metric.key): tuple(
            _comparison(spec, r, i, found[key, i], healthy=healthy) for i in treatments
        )
        for r in reads
    }


def _comparison(
    spec: ScorecardSpec, metric: Read, i: int, corrected: Corrected, *, healthy: bool
) -> VariantComparison:
    judge = Judge(
        alpha=1 - spec.confidence,
        direction=metric.tracked.metric.direction,
        healthy=healthy,
        due=metric.due[i],
    )
    has_p = spec.method != "bayesian"
    return VariantComparison(
        variant=spec.treatments[i],
        results=metric.results[i],
        judged=corrected.judged,
        p_value=metric.shown[i].p_value if has_p else None,
        adjusted_p_value=corrected.adjusted_p_value if has_p else None,
        floor=metric.floors[i],
        reading=judge.read(
            floor=metric.floors[i],
            judged=corrected.judged,
            adjusted_p_value=corrected.adjusted_p_value,
            effect=_entry(metric.results[i], spec, "absolute").effect,
        ),
        guardrail=metric.guardrails[i],
        phase_weights=metric.weights[i],
        left_out=metric.left_out[i],
        against=control_beside(spec, metric.samples, i + 1),
        deciding=tuple(_deciding(spec, metric, i, corrected, s) for s in get_args(Scale)),
        confidence=corrected.confidence,
        redrawn=metric.redrawn[i],
    )


def _deciding(
    spec: ScorecardSpec, metric: Read, i: int, corrected: Corrected, scale: Scale
) -> ComparisonResult:
    if corrected.confidence == spec.confidence:
        return _entry(metric.results[i], spec, scale)
    settings = at_confidence(settings_of(spec, spec.method, scale), corrected.confidence)
    past = [floor.reached for floor in metric.floors]
    return results_by(spec, settings, metric.samples, past, cuped=spec.cuped)[i]
