"""Metrics compared side by side come to what each comes to alone."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np
import pytest

from experiments.metrics import METRICS, PhaseSpec, ScorecardSpec, Tracked
from experiments.metrics import together as module
from experiments.metrics.comparing import compare_arms, settings_of
from experiments.metrics.results import Method, Scale
from experiments.metrics.samples import Plain, Samples
from experiments.metrics.together import compare_together
from experiments.stats import MeanSample, ProportionSample, RatioSample

START = datetime(2026, 1, 1, tzinfo=UTC)
BOTH = (1.0, 1.0, 1.0)


def _spec(*weights: tuple[float, ...]) -> ScorecardSpec:
    ends = [START + timedelta(days=n) for n in range(3)]
    return ScorecardSpec(
        experiment="e",
        control="A",
        variants=("A", "B", "C"),
        phases=tuple(
            PhaseSpec(number=n + 1, started_at=ends[n], weights=weights[n])
            for n in range(len(weights))
        ),
        metrics=(Tracked(metric=METRICS["ctr"], role="goal"),),
        as_of=ends[-1],
        tuning=900.0,
    )


def _column(*values: float) -> Any:
    return np.array(values)[:, np.newaxis]


def _shares(*clicked: float) -> ProportionSample:
    return ProportionSample(n=_column(500, 520, 490), successes=_column(*clicked))


def _means(*totals: float) -> MeanSample:
    n, total = _column(500, 520, 490), _column(*totals)
    return MeanSample(n=n, total=total, total_squares=total**2 / n + 2 * n)


def _ratio() -> RatioSample:
    n = _column(500, 520, 490)
    return RatioSample(
        n=n,
        numerator=n * 0.3,
        numerator_squares=n * 0.5,
        denominator=n * 3,
        denominator_squares=n * 11,
        product=n * 1.1,
    )


def _alike(found: Any, alone: Any) -> None:
    for field in fields(found.comparison):
        one, other = (getattr(each.comparison, field.name) for each in (found, alone))
        if np.asarray(one).dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-300)
        else:
            np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(found.weights, alone.weights, rtol=1e-12)
    np.testing.assert_array_equal(found.left_out, alone.left_out)


@pytest.mark.parametrize("scale", get_args(Scale))
@pytest.mark.parametrize("method", get_args(Method))
def test_each_is_what_it_is_alone(method: Method, scale: Scale) -> None:
    spec = _spec(BOTH)
    settings = settings_of(spec, method, scale)
    kinds: list[Plain] = [
        _shares(90, 130, 80),
        _means(40, 90, 50),
        _shares(0, 12, 490),
        _ratio(),
        _means(1, 1, 9),
    ]
    found = [Samples(plain=(sample,), cuped=None) for sample in kinds]
    compare_together(spec, found, [(settings, False)])
    for samples, sample in zip(found, kinds, strict=True):
        [known] = samples.known.values()
        alone = compare_arms(spec, Samples(plain=(sample,), cuped=None), settings)
        assert compare_arms(spec, samples, settings) is known
        _alike(known, alone)


def test_phases_and_arms_that_came_later_are_kept_apart() -> None:
    spec = _spec((1.0, 1.0, 0.0), BOTH)
    settings = settings_of(spec, "sequential", "absolute")
    made = [(_shares(90, 130, 0), _shares(80, 120, 95)), (_shares(7, 9, 0), _shares(60, 60, 61))]
    found = [Samples(plain=phases, cuped=None) for phases in made]
    compare_together(spec, found, [(settings, False)])
    for samples, phases in zip(found, made, strict=True):
        alone = compare_arms(spec, Samples(plain=phases, cuped=None), settings)
        _alike(compare_arms(spec, samples, settings), alone)


def test_one_call_is_made_for_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, calls = _spec(BOTH), []

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(given)
        return compare_arms(*given, **named)

    monkeypatch.setattr(module, "compare_arms", counted)
    kinds: list[Plain] = [
        *(_shares(90, 130, n) for n in range(50, 57)),
        _ratio(),
        _means(40, 90, 50),
    ]
    found = [Samples(plain=(sample,), cuped=None) for sample in kinds]
    compare_together(spec, found, [(settings_of(spec, "fixed", "relative"), False)])
    assert len(calls) == 3
