"""Rule 10: a guardrail is safe, harmed, or neither yet, and these are different words."""

from typing import Any

import numpy as np
import pytest

from experiments.metrics.guardrails import guardrail_state, harm_settings, safety_settings
from experiments.metrics.numbers import number
from experiments.stats import (
    MeanSample,
    ProportionSample,
    Reason,
    Settings,
    SettingsError,
    compare,
    floor,
)
from tests.experiments.stats.binomial import at_least, at_most


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "safety_not_yet_shown"),
        ({"safety_p_value": 0.01}, "safe"),
        ({"safety_p_value": 0.01, "harm_p_value": 0.01}, "safe"),  # a loss inside the margin
        ({"safety_p_value": 0.01, "effect": -0.03}, "safety_not_yet_shown"),  # an earlier look's p
        ({"harm_p_value": 0.01}, "harm_shown"),
        ({"harm_p_value": 0.05}, "safety_not_yet_shown"),
        ({"harm_p_value": 0.01, "effect": 0.01}, "safety_not_yet_shown"),  # turned round since
        ({"harm_p_value": 0.01, "effect": 0.01, "direction": "decrease"}, "harm_shown"),
        ({"safety_p_value": 0.01, "effect": 0.01, "direction": "decrease"}, "safe"),
        ({"safety_p_value": 0.01, "effect": 0.03, "direction": "decrease"}, "safety_not_yet_shown"),
        ({"harm_p_value": 0.01, "floor_reached": False}, "collecting"),
        ({"safety_p_value": 0.01, "floor_reached": False}, "collecting"),
        ({"effect": None, "unchanged": True, "harm_p_value": None}, "unchanged"),
        ({"harm_p_value": None}, "no_answer"),
        ({"safety_p_value": None}, "safety_not_yet_shown"),  # its one look is not due
        ({"safety_p_value": None, "harm_p_value": 0.01, "effect": -0.1}, "harm_shown"),
        ({"effect": None}, "no_answer"),
    ],
)
def test_a_guardrail_is_one_word(change: dict[str, Any], state: str) -> None:
    given: dict[str, Any] = {
        "safety_p_value": 0.3,
        "harm_p_value": 0.3,
        "effect": -0.01,
        "direction": "increase",
        "margin": 0.02,
        "alpha": 0.05,
        "floor_reached": True,
        "unchanged": False,
    } | change
    assert guardrail_state(**given) == state


def test_the_two_tests_look_at_opposite_sides() -> None:
    fixed = Settings(method="fixed", confidence=0.9, tuning=7_000)
    safety = safety_settings(fixed, "increase", 0.02)
    assert (safety.alternative, safety.margin, safety.method) == ("greater", 0.02, "fixed")
    assert safety_settings(fixed, "decrease", 0.02).alternative == "less"
    harm = harm_settings(safety, "increase")
    assert (harm.alternative, harm.margin, harm.method) == ("less", 0.0, "sequential")
    assert (harm.confidence, harm.tuning, harm.scale) == (0.9, 7_000, "relative")
    assert harm_settings(fixed, "decrease").alternative == "greater"
    with pytest.raises(SettingsError, match="margin"):
        safety_settings(fixed, "increase", 1.5)


def state_of(control: Any, treatment: Any, margin: float = 0.05) -> str:
    settings = Settings(tuning=40_000)
    safety: Any = compare(control, treatment, safety_settings(settings, "increase", margin))
    harm: Any = compare(control, treatment, harm_settings(settings, "increase"))
    return guardrail_state(
        safety_p_value=number(safety.p_value),
        harm_p_value=number(harm.p_value),
        effect=number(safety.effect),
        direction="increase",
        margin=margin,
        alpha=0.05,
        floor_reached=floor(control).reason is None and floor(treatment).reason is None,
        unchanged=safety.reason is Reason.ZERO_VARIANCE and control.mean == treatment.mean,
    )


@pytest.mark.parametrize(
    ("control", "treatment", "state"),
    [
        (ProportionSample(500, 100), ProportionSample(500, 100), "safety_not_yet_shown"),
        (ProportionSample(40_000, 8_000), ProportionSample(40_000, 8_000), "safe"),
        (ProportionSample(40_000, 8_000), ProportionSample(40_000, 7_300), "harm_shown"),
        (ProportionSample(4e6, 8e5), ProportionSample(4e6, 7.85e5), "safe"),  # a loss of 2%
        (ProportionSample(500, 9), ProportionSample(500, 9), "collecting"),
        (ProportionSample(500, 500), ProportionSample(500, 400), "no_answer"),
        (MeanSample(500, 0, 0), MeanSample(500, 0, 0), "unchanged"),
    ],
)
def test_rule_10_no_evidence_of_harm_is_not_evidence_of_safety(
    control: Any, treatment: Any, state: str
) -> None:
    assert state_of(control, treatment) == state


@pytest.mark.parametrize(("rate", "wrong"), [(0.19, "safe"), (0.2, "harm")])
def test_rule_10_either_word_is_wrong_in_at_most_one_of_twenty_experiments(
    rate: float, wrong: str
) -> None:
    """Looked at 50 times, with a loss of just the margin (5%), and with no loss at all."""
    rng, worlds, looks = np.random.default_rng(61), 4_000, 50
    n = np.linspace(400, 20_000, looks).astype(int)
    new = np.diff(n, prepend=0)
    control, treatment = (
        ProportionSample(np.broadcast_to(n, (worlds, looks)), done.cumsum(axis=1))
        for done in (rng.binomial(new, share, (worlds, looks)) for share in (0.2, rate))
    )
    settings = Settings(tuning=40_000)
    asked = (
        safety_settings(settings, "increase", 0.05)
        if wrong == "safe"
        else harm_settings(settings, "increase")
    )
    result: Any = compare(control, treatment, asked)
    said = (result.p_value < 0.05) & (result.reason == None)  # noqa: E711
    assert at_least(0.005, worlds) <= said.any(axis=1).sum() <= at_most(0.05, worlds)
    if wrong == "safe":  # "no difference found" would have passed nearly all of them
        plain: Any = compare(control, treatment, Settings(method="fixed"))
        assert (plain.p_value[:, 0] > 0.05).mean() > 0.9
