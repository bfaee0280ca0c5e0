"""What a scorecard says of segments: each by itself, and whether they differ."""

import math

from experiments.metrics import arms as arm
from experiments.metrics.comparing import TESTS, every, latest_results
from experiments.metrics.counting import Counted
from experiments.metrics.definitions import Metric
from experiments.metrics.numbers import number, text
from experiments.metrics.presence import floor_of
from experiments.metrics.results import (
    ComparisonResult,
    HeterogeneityResult,
    SegmentComparison,
    SegmentResult,
)
from experiments.metrics.samples import samples
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import heterogeneity


def segment_results(
    spec: ScorecardSpec, metric: Metric, counted: Counted
) -> tuple[SegmentResult, ...]:
    """The metric in each segment of each attribute."""
    made = []
    for segment, sums in counted.segments:
        found = samples(sums, metric, counted.columns, cuped=spec.lookback > 0)
        results = latest_results(spec, metric, found, every(found, TESTS))
        made.append(
            SegmentResult(
                attribute=segment.attribute,
                value=segment.value,
                rest=segment.rest,
                values=arm.latest(arm.arm_values(found.pooled, spec.confidence), spec.variants),
                comparisons=tuple(
                    SegmentComparison(
                        variant=variant,
                        results=results[i],
                        floor=floor_of(spec, found, i + 1, metric.minimum_users),
                    )
                    for i, variant in enumerate(spec.treatments)
                ),
            )
        )
    return tuple(made)


def differences(
    spec: ScorecardSpec, segments: tuple[SegmentResult, ...]
) -> tuple[HeterogeneityResult, ...]:
    """One test per attribute and treatment."""
    return tuple(
        _difference(attribute, variant, _effects(spec, segments, attribute, i))
        for attribute in spec.segments
        for i, variant in enumerate(spec.treatments)
    )


def _effects(
    spec: ScorecardSpec, segments: tuple[SegmentResult, ...], attribute: str, treatment: int
) -> list[ComparisonResult]:
    """The absolute effect in each segment that is past the floor."""
    wanted = ("fixed", "absolute", spec.cuped)
    return [
        result
        for segment in segments
        if segment.attribute == attribute
        for result in segment.comparisons[treatment].results
        if (result.method, result.scale, result.cuped) == wanted and result.reason is None
    ]


def _difference(
    attribute: str, variant: str, effects: list[ComparisonResult]
) -> HeterogeneityResult:
    found = heterogeneity(
        [math.nan if e.effect is None else e.effect for e in effects],
        [math.nan if e.std_error is None else e.std_error for e in effects],
    )
    return HeterogeneityResult(
        attribute=attribute,
        variant=variant,
        p_value=number(found.p_value),
        segments=len(effects),
        reason=text(found.reason),
    )
