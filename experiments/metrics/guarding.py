"""Guardrails of a scorecard: both tests of each, over all looks (see guardrails for the words)."""

from collections.abc import Sequence

import numpy as np

from experiments.metrics.comparing import Past, compare_arms, judged_looks, settings_of
from experiments.metrics.guardrails import guardrail_state, harm_settings, safety_settings
from experiments.metrics.judging import look_that_counts
from experiments.metrics.numbers import number, text
from experiments.metrics.presence import past_floor, past_floor_if_alike, peers
from experiments.metrics.results import (
    ComparisonResult,
    Floor,
    Guardrail,
    JudgedLook,
    OneSided,
)
from experiments.metrics.samples import Samples, with_average_user
from experiments.metrics.spec import ScorecardSpec, Tracked
from experiments.stats import Reason, Settings

Before = dict[str, Guardrail | None]
Results = list[tuple[ComparisonResult, ...]]


def guardrails(
    spec: ScorecardSpec,
    tracked: Tracked,
    samples: Samples,
    results: Results,
    *,
    healthy: bool,
    floors: Sequence[Floor],
    before: Before,
) -> list[Guardrail | None]:
    """Both tests of each treatment; None for a metric that guards nothing."""
    margin = tracked.margin
    if margin is None:
        return [None] * len(spec.treatments)
    direction = tracked.metric.direction
    # A posterior is no test: its safety is shown by the one that is valid at every look.
    both = settings_of(spec, "fixed" if spec.method == "fixed" else "sequential", "relative")
    earlier = [before.get(variant) for variant in spec.treatments]
    harm = _sides(
        spec,
        tracked,
        _comparable(samples),
        harm_settings(both, direction),
        [g.harm if g else None for g in earlier],
        healthy=healthy,
        past=past_floor_if_alike,
    )
    safety = _sides(
        spec,
        tracked,
        samples,
        safety_settings(both, direction, margin),
        [g.safety if g else None for g in earlier],
        healthy=healthy,
        past=past_floor,
    )
    return [
        Guardrail(
            margin=margin,
            harm=harm[i],
            safety=safety[i],
            state=guardrail_state(
                safety_p_value=safety[i].judged,
                harm_p_value=harm[i].judged,
                effect=_effect(results[i], "relative", cuped=spec.cuped).effect,
                difference=_effect(results[i], "absolute", cuped=spec.cuped).effect,
                direction=direction,
                margin=margin,
                alpha=1 - spec.confidence,
                floor_reached=floors[i].reached,
                unchanged=direction == "decrease"
                and _enough_users(spec, tracked, samples, i)
                and _is_unchanged(_effect(results[i], "absolute", cuped=spec.cuped)),
            ),
        )
        for i in range(len(spec.treatments))
    ]


def _comparable(samples: Samples) -> Samples:
    """So that a control in which nothing went wrong does not hide that much did elsewhere."""
    return Samples(
        plain=tuple(with_average_user(sample) for sample in samples.plain),
        cuped=None
        if samples.cuped is None
        else tuple(with_average_user(sample) for sample in samples.cuped),
    )


def _effect(results: tuple[ComparisonResult, ...], scale: str, *, cuped: bool) -> ComparisonResult:
    wanted = ("sequential", scale, cuped)
    return next(r for r in results if (r.method, r.scale, r.cuped) == wanted)


def _enough_users(spec: ScorecardSpec, tracked: Tracked, samples: Samples, i: int) -> bool:
    users = np.asarray(peers(spec, samples, i + 1).users)[:, -1]
    return bool((users >= tracked.metric.minimum_users).all())


def _is_unchanged(absolute: ComparisonResult) -> bool:
    return absolute.reason == Reason.ZERO_VARIANCE and absolute.effect == 0


def _sides(
    spec: ScorecardSpec,
    tracked: Tracked,
    samples: Samples,
    settings: Settings,
    before: list[OneSided | None],
    *,
    healthy: bool,
    past: Past,
) -> list[OneSided]:
    """One of the tests, for each treatment."""
    looks = judged_looks(
        spec, tracked.metric, samples, healthy=healthy, settings=settings, past=past
    )
    found = compare_arms(spec, samples.latest, settings, cuped=spec.cuped).comparison
    bounds = found.low if settings.alternative == "greater" else found.high
    sides = []
    for i, earlier in enumerate(before):
        counts = look_that_counts(settings.method, _look(earlier), looks[i])
        this = number(np.asarray(found.p_value)[i, -1])
        sides.append(
            OneSided(
                p_value=this if counts is None else counts.p_value,
                judged=None if counts is None else counts.p_value,
                bound=number(np.asarray(bounds)[i, -1]),
                reason=text(np.asarray(found.reason, dtype=object)[i, -1]),
            )
        )
    return sides


def _look(earlier: OneSided | None) -> JudgedLook | None:
    """The effect of that look is of no concern: what counts is the side of this look's."""
    if earlier is None or earlier.judged is None:
        return None
    return JudgedLook(p_value=earlier.judged, effect=0.0)
