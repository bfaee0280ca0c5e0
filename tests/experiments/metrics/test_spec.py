from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from experiments.metrics import METRICS, PhaseSpec, ScorecardSpec, Tracked
from experiments.metrics.builtin import metric_named
from experiments.metrics.exceptions import InvalidSpec, MetricsError, UnknownMetric
from tests.experiments.metrics.conftest import seconds


def phase(number: int, start: float, *weights: float) -> PhaseSpec:
    return PhaseSpec(number=number, started_at=seconds(start), weights=weights or (1, 1))


TWICE = (phase(1, 0), phase(1, 60))
FORWARDS = (phase(1, 0), phase(2, 60))
BACKWARDS = (phase(1, 60), phase(2, 0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"control": "B"}, "variants must begin with the control."),
        ({"variants": ("A",)}, "variants needs a control and at least one treatment."),
        ({"variants": ("A", "A")}, "variants names one variant twice."),
        ({"weights": (1.0,)}, "weights needs one figure per variant."),
        ({"weights": (1.0, -1.0)}, "weights must be finite and not negative."),
        ({"weights": (1.0, float("nan"))}, "weights must be finite and not negative."),
        ({"weights": (1.0, float("inf"))}, "weights must be finite and not negative."),
        ({"weights": (1.0, 0.0)}, "weights of every treatment must be above 0 in some phase."),
        (
            {"phases": (phase(1, 0), phase(2, 60, 0, 1))},
            "weights of the control must be above 0 in every phase: all are compared with it.",
        ),
        (
            {"phases": (phase(1, 0, 1, 0), phase(2, 60, 1, 0))},
            "weights of every treatment must be above 0 in some phase.",
        ),
        (
            {"goal": "clicked", "metrics": ("ctr",)},
            "metrics must include a goal: it is what the verdict is about.",
        ),
        ({"phases": ()}, "phases needs at least one phase."),
        ({"phases": TWICE}, "phases must be in order, each number once."),
        ({"phases": BACKWARDS}, "phases must start one after the other."),
        ({"lookback_days": -1.0}, "lookback_days must be 0 to 3,650 days."),
        ({"lookback_days": 1e300}, "lookback_days must be 0 to 3,650 days."),
        ({"cuped": True}, "cuped needs lookback_days above 0."),
        ({"segments": ("tier", "tier")}, "segments names one attribute twice."),
        ({"metrics": ("ctr", "ctr")}, "metrics names one metric twice."),
        ({"tuning": 0.0}, "tuning must be above 0 and finite: it is the planned users."),
        (
            {"correction": "e_bh", "method": "fixed"},
            "correction e_bh needs method sequential: others have no e-value.",
        ),
        (
            {"phases": FORWARDS, "method": "bayesian"},
            "method bayesian needs a single phase: posteriors of several are not combined.",
        ),
        ({"confidence": 1.0}, "confidence must lie between 0.5 and 1."),
        ({"started_at": datetime(2026, 3, 1)}, "started_at needs a time zone."),  # noqa: DTZ001
        ({"as_of": datetime(2026, 3, 1)}, "as_of needs a time zone."),  # noqa: DTZ001
    ],
)
def test_a_spec_that_cannot_be_analysed_says_what_to_change(
    make_spec: Callable[..., ScorecardSpec], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        make_spec(**change)

    assert str(refusal.value) == message


def test_an_unknown_metric_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownMetric) as refusal:
        metric_named("gmv")

    assert isinstance(refusal.value, MetricsError)
    assert str(refusal.value) == f"There is no metric 'gmv'. Known: {', '.join(METRICS)}."


def test_weights_in_any_unit_are_shares(make_spec: Callable[..., ScorecardSpec]) -> None:
    assert make_spec(weights=(30, 10)).phase.shares == (0.75, 0.25)


def test_a_phase_lasts_until_the_next_or_as_of(make_spec: Callable[..., ScorecardSpec]) -> None:
    spec = make_spec(phases=(phase(1, 0), phase(2, 60)))

    assert [spec.until(p) for p in spec.phases] == [seconds(60), spec.as_of]
    assert (spec.phase.number, spec.started_at) == (2, seconds(0))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"role": "guardrail"}, "margin of ctr: a guardrail, and only one, has one."),
        ({"margin": 0.1}, "margin of ctr: a guardrail, and only one, has one."),
        ({"role": "guardrail", "margin": 1.0}, "margin of ctr must lie above 0 and below 1."),
    ],
)
def test_a_guardrail_and_only_a_guardrail_has_a_margin(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        Tracked(metric=METRICS["ctr"], **fields)

    assert str(refusal.value) == message
