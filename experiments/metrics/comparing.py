"""Every treatment against the control, at every as-of time at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.definitions import Metric
from experiments.metrics.judging import Looks, reached
from experiments.metrics.moments import Floats
from experiments.metrics.numbers import number, text
from experiments.metrics.results import ComparisonResult, LiftPoint, Method, Scale
from experiments.metrics.samples import Plain, Samples, part
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Comparison, Reason, Settings, compare, compare_phases

TESTS: tuple[Method, ...] = ("sequential", "fixed")
"""The methods that have a p, and can combine phases."""

Past = Callable[[Plain, int], NDArray[np.bool_]]
"""Of the arms' sample and the users needed: at which as-of times the arms are past the floor, for
all treatments or one row for each."""

LARGEST = 1e300
"""An e-value beyond it is written as it: JSON has no infinity."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Results of shape (treatments, periods), and what each phase counts for (phases first)."""

    comparison: Comparison
    weights: Floats


def compare_arms(samples: Samples, settings: Settings, *, cuped: bool = False) -> Compared:
    """All treatments against the control, within each phase and then combined."""
    phases = samples.cuped if cuped else samples.plain
    assert phases is not None  # noqa: S101  (asked for with a lookback alone)
    controls = [part(sample, slice(0, 1)) for sample in phases]
    treatments = [part(sample, slice(1, None)) for sample in phases]
    if len(phases) == 1:
        found = compare(controls[0], treatments[0], settings)
        return Compared(comparison=found, weights=np.ones((1, *np.shape(found.effect))))
    several = compare_phases(controls, treatments, settings)
    return Compared(comparison=several.combined, weights=several.weights)


def settings_of(spec: ScorecardSpec, method: Method, scale: Scale, **changes: Any) -> Settings:
    """How the spec compares by a method on a scale."""
    return Settings(
        confidence=spec.confidence, scale=scale, method=method, tuning=spec.tuning, **changes
    )


def now(samples: Samples) -> Samples:
    """At as_of alone."""
    last = np.s_[:, -1:]
    return Samples(
        plain=tuple(part(sample, last) for sample in samples.plain),
        cuped=None if samples.cuped is None else tuple(part(s, last) for s in samples.cuped),
    )


def latest_results(
    spec: ScorecardSpec, metric: Metric, samples: Samples, methods: Sequence[Method]
) -> list[tuple[ComparisonResult, ...]]:
    """For each treatment every method on every scale, without and with CUPED, at as_of."""
    kinds = (False,) if samples.cuped is None else (False, True)
    found = [
        results_by(settings_of(spec, method, scale), metric, samples, cuped=cuped)
        for cuped, method, scale in product(kinds, methods, get_args(Scale))
    ]
    return list(zip(*found, strict=True))


def results_by(
    settings: Settings, metric: Metric, samples: Samples, *, cuped: bool
) -> list[ComparisonResult]:
    """For each treatment the result at as_of with those settings."""
    latest = now(samples)
    few = not bool(reached(latest.pooled, metric.minimum_users)[-1])
    found = compare_arms(latest, settings, cuped=cuped).comparison
    treatments = range(len(np.asarray(found.effect)))
    return [_result(found, i, cuped=cuped, few=few) for i in treatments]


def _result(comparison: Comparison, treatment: int, *, cuped: bool, few: bool) -> ComparisonResult:
    def at(values: Any) -> Any:
        return np.asarray(values)[treatment, -1]

    reason = text(np.asarray(comparison.reason, dtype=object)[treatment, -1])
    return ComparisonResult(
        method=comparison.method,
        scale=comparison.scale,
        effect=number(at(comparison.effect)),
        low=number(at(comparison.low)),
        high=number(at(comparison.high)),
        p_value=number(at(comparison.p_value)),
        std_error=number(at(comparison.std_error)),
        df=number(at(comparison.df)),
        chance_to_win=number(at(comparison.chance_to_win)),
        expected_loss=number(at(comparison.expected_loss)),
        e_value=number(np.minimum(at(comparison.e_value), LARGEST)),
        reason=str(Reason.COLLECTING) if reason is None and few else reason,
        cuped=cuped,
    )


def due(spec: ScorecardSpec, samples: Samples, method: Method) -> NDArray[np.bool_]:
    """At which as-of times a method may be judged, per treatment: before the planned users have
    come only the sequential one.
    """
    users = np.asarray(samples.pooled.users)
    both = users[:1] + users[1:]
    return np.asarray((both >= spec.tuning) | (method == "sequential"))


def judged_looks(
    spec: ScorecardSpec,
    metric: Metric,
    samples: Samples,
    *,
    healthy: bool,
    settings: Settings,
    past: Past = reached,
) -> list[Looks]:
    """For each treatment p and effect at every as-of time that could be judged; `past` says of the
    arms' sample at which times they are past the floor.
    """
    if not healthy:
        return [[] for _ in spec.treatments]
    found = compare_arms(samples, settings, cuped=spec.cuped).comparison
    judged = past(samples.pooled, metric.minimum_users) & due(spec, samples, settings.method)
    p_values, effects = _p_or_tail(found), np.asarray(found.effect)
    return [
        [(number(p_values[i, k]), number(effects[i, k])) for k in np.flatnonzero(judged[i])]
        for i in range(len(spec.treatments))
    ]


def _p_or_tail(found: Comparison) -> Floats:
    """p, or of a posterior twice its smaller tail."""
    if found.method != "bayesian":
        return np.asarray(found.p_value)
    chance = np.asarray(found.chance_to_win)
    return np.asarray(2 * np.minimum(chance, 1 - chance))


def lifts(
    spec: ScorecardSpec, metric: Metric, samples: Samples, ends: tuple[datetime, ...]
) -> tuple[LiftPoint, ...]:
    """The relative effect with its always-valid interval at every as-of time, per treatment."""
    settings = settings_of(spec, "sequential", "relative")
    found = compare_arms(samples, settings, cuped=spec.cuped).comparison
    effect, low, high = (np.asarray(a) for a in (found.effect, found.low, found.high))
    judged = reached(samples.pooled, metric.minimum_users)
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
