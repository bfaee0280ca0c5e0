"""Every treatment against the control, at every as-of time at once."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.definitions import Metric
from experiments.metrics.judging import Looks
from experiments.metrics.moments import Floats
from experiments.metrics.numbers import number, text
from experiments.metrics.presence import past_floor, taking, users_of_pairs
from experiments.metrics.results import ComparisonResult, LiftPoint, Method, Scale
from experiments.metrics.samples import Samples
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Comparison, Reason, Settings, compare, compare_phases

TESTS: tuple[Method, ...] = ("sequential", "fixed")
"""The methods that have a p, and can combine phases."""

Past = Callable[[ScorecardSpec, Samples, int], NDArray[np.bool_]]
"""Of the samples and the users needed: at which as-of times the arms are past the floor, a row for
each treatment."""

Wanted = tuple[bool, Method, Scale]
"""A result: with CUPED or without, by a method, on a scale."""

LARGEST = 1e300
"""An e-value beyond it is written as it: JSON has no infinity."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Results of shape (treatments, periods). Phases first: what each counts for, and why it does
    not count where it is left out of several.
    """

    comparison: Comparison
    weights: Floats
    left_out: NDArray[Any]


def compare_arms(
    spec: ScorecardSpec, samples: Samples, settings: Settings, *, cuped: bool = False
) -> Compared:
    """All treatments against the control, within each phase and then combined."""
    if (found := samples.known.get(_asked(spec, settings, cuped=cuped))) is None:
        found = _compared(spec, samples, settings, cuped=cuped)
        remember(spec, samples, settings, found, cuped=cuped)
    known: Compared = found
    return known


def remember(
    spec: ScorecardSpec, samples: Samples, settings: Settings, found: Compared, *, cuped: bool
) -> None:
    """Let `compare_arms` answer with what was found."""
    samples.known[_asked(spec, settings, cuped=cuped)] = found


def _asked(spec: ScorecardSpec, settings: Settings, *, cuped: bool) -> Hashable:
    return settings, cuped, taking(spec).tobytes()


def _compared(
    spec: ScorecardSpec, samples: Samples, settings: Settings, *, cuped: bool
) -> Compared:
    controls, treatments = samples.cuped_pairs if cuped else samples.plain_pairs
    if len(controls) == 1:
        found = compare(controls[0], treatments[0], settings)
        one = (1, *np.shape(found.effect))
        return Compared(comparison=found, weights=np.ones(one), left_out=np.full(one, None))
    absent = ~taking(spec)[:, 1:, np.newaxis]
    several = compare_phases(controls, treatments, settings, absent=absent)
    return Compared(comparison=several.combined, weights=several.weights, left_out=several.left_out)


def settings_of(spec: ScorecardSpec, method: Method, scale: Scale, **changes: Any) -> Settings:
    """How the spec compares by a method on a scale."""
    return Settings(
        confidence=spec.confidence, scale=scale, method=method, tuning=spec.tuning, **changes
    )


def every(samples: Samples, methods: Sequence[Method]) -> list[Wanted]:
    """Those methods on every scale, without and with CUPED."""
    kinds = (False,) if samples.cuped is None else (False, True)
    return list(product(kinds, methods, get_args(Scale)))


def latest_results(
    spec: ScorecardSpec, metric: Metric, samples: Samples, wanted: Sequence[Wanted]
) -> list[tuple[ComparisonResult, ...]]:
    """For each treatment what is wanted, in that order, at as_of."""
    past = past_floor(spec, samples.latest, metric.minimum_users)[:, -1]
    found = [
        results_by(spec, settings_of(spec, method, scale), samples, past, cuped=cuped)
        for cuped, method, scale in wanted
    ]
    return list(zip(*found, strict=True))


def results_by(
    spec: ScorecardSpec,
    settings: Settings,
    samples: Samples,
    past: Sequence[bool] | NDArray[np.bool_],
    *,
    cuped: bool,
) -> list[ComparisonResult]:
    """For each treatment the result at as_of with those settings; `past` the floor or not."""
    found = compare_arms(spec, samples.latest, settings, cuped=cuped).comparison
    return [_result(found, i, cuped=cuped, few=not reached) for i, reached in enumerate(past)]


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
    come, to it and to the control in its phases, only the sequential one.
    """
    both = users_of_pairs(spec, samples)
    return np.asarray((both >= spec.tuning) | (method == "sequential"))


def judged_looks(
    spec: ScorecardSpec,
    metric: Metric,
    samples: Samples,
    *,
    healthy: bool,
    settings: Settings,
    past: Past = past_floor,
) -> list[Looks]:
    """For each treatment p and effect at every as-of time that could be judged; `past` says at
    which times the arms are past the floor.
    """
    if not healthy:
        return [[] for _ in spec.treatments]
    found = compare_arms(spec, samples, settings, cuped=spec.cuped).comparison
    judged = past(spec, samples, metric.minimum_users) & due(spec, samples, settings.method)
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
    found = compare_arms(spec, samples, settings, cuped=spec.cuped).comparison
    effect, low, high = (np.asarray(a) for a in (found.effect, found.low, found.high))
    judged = past_floor(spec, samples, metric.minimum_users)
    return tuple(
        LiftPoint(
            as_of=end,
            variant=variant,
            effect=number(effect[i, k]),
            low=number(low[i, k]),
            high=number(high[i, k]),
            judged=bool(judged[i, k]),
        )
        for i, variant in enumerate(spec.treatments)
        for k, end in enumerate(ends)
    )
