"""Rule 10: a guardrail is safe, harmed, or neither yet, and these are different words."""

from typing import Any

import numpy as np
import pytest

from experiments.metrics import METRICS, Tracked, scorecard
from experiments.metrics.guardrails import guardrail_state, harm_settings, safety_settings
from experiments.metrics.judging import reached_if_alike
from experiments.metrics.numbers import number
from experiments.metrics.samples import part, with_average_user
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
        ({"harm_p_value": 0.01, "floor_reached": False}, "harm_shown"),
        ({"harm_p_value": 0.2, "floor_reached": False}, "collecting"),
        # a control in which nothing went wrong: there is no relative effect, and harm all the same
        (
            {
                "harm_p_value": 0.001,
                "effect": None,
                "difference": 0.03,
                "direction": "decrease",
                "floor_reached": False,
            },
            "harm_shown",
        ),
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
    }
    given |= {"difference": (change.get("effect") or given["effect"])} | change
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
        difference=float(treatment.mean - control.mean),
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
        (ProportionSample(500, 500), ProportionSample(500, 400), "no_answer"),  # no spread at all
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


def slow(log: Any, variant: str, *, users: int, slow: int) -> None:
    """Users with one slate each, of which the first `slow` took long."""
    for i in range(users):
        log.serve(
            f"{variant}{i}", variant, "ab", at=i % 500, latency_ms=900.0 if i < slow else 20.0
        )


@pytest.mark.parametrize(
    ("control", "treatment", "state"),
    [
        (0, 60, "harm_shown"),  # a control in which nothing was slow has no rate to compare with
        (60, 0, "collecting"),
        (0, 12, "collecting"),  # of 24 expected in each arm at the least, six are
        (0, 0, "unchanged"),
        (45, 50, "safety_not_yet_shown"),
    ],
)
def test_a_clean_control_does_not_hide_a_harm(
    log: Any, make_spec: Any, control: int, treatment: int, state: str
) -> None:
    slow(log, "A", users=300, slow=control)
    slow(log, "B", users=300, slow=treatment)
    guard = Tracked(metric=METRICS["slow_slates"], role="guardrail", margin=0.1)
    goal = Tracked(metric=METRICS["ctr"], role="goal")

    card = scorecard(log.exposures, log.events, make_spec(metrics=(goal, guard)))

    found = card.metric("slow_slates").comparisons[0].guardrail
    assert found is not None
    assert found.state == state


def test_before_the_first_user_nothing_is_said_of_harm() -> None:
    """A chart over time begins with the start, and the first user may come later."""
    nobody_then_some = ProportionSample(np.array([[0, 200], [0, 200]]), np.array([[0, 2], [0, 6]]))

    both = with_average_user(nobody_then_some)

    assert np.asarray(both.n).tolist() == [[0, 201], [0, 201]]
    assert np.asarray(both.successes).tolist() == [[0, 2.02], [0, 6.02]]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1), (0.1, 0.9)])
def test_harm_below_the_floor_is_wrong_in_at_most_one_of_twenty_experiments(
    shares: tuple[float, float],
) -> None:
    """A rate of .5% in both arms, looked at 50 times from the first users on."""
    rng, worlds, looks = np.random.default_rng(67), 2_000, 50
    n = np.linspace(200, 60_000, looks).astype(int)
    arms = [np.diff((n * share).astype(int), prepend=0) for share in shares]
    users = np.stack([arm.cumsum() for arm in arms])
    did = np.stack([rng.binomial(arm, 0.005, (worlds, looks)).cumsum(axis=1) for arm in arms])
    settings = harm_settings(Settings(tuning=40_000), "decrease")
    wrong = 0
    for world in range(worlds):
        sample = ProportionSample(users, did[:, world])
        both = with_average_user(sample)
        result: Any = compare(part(both, 0), part(both, 1), settings)
        wrong += bool((reached_if_alike(sample, 100) & (result.p_value < 0.05)).any())
    assert at_least(0.001, worlds) <= wrong <= at_most(0.05, worlds)


@pytest.mark.parametrize(
    ("metric", "users", "state", "decision"),
    [
        ("slow_slates", 300, "unchanged", "ship"),
        ("slow_slates", 99, "collecting", "collecting"),
        # nobody bought anything, or nobody sends it: that is no sign of safety
        ("conversion", 300, "collecting", "keep_running"),
    ],
)
def test_nothing_at_all_is_safe_only_of_what_shall_not_happen(
    log: Any, make_spec: Any, metric: str, users: int, state: str, decision: str
) -> None:
    for variant, every in (("A", 4), ("B", 2)):
        for i in range(users):
            user = f"{variant}{i}"
            request = log.serve(user, variant, "ab", at=i % 500, latency_ms=20.0)
            if i % every == 0:
                log.click(user, request, "a", at=i % 500 + 1)
    guard = Tracked(metric=METRICS[metric], role="guardrail", margin=0.05)
    goal = Tracked(metric=METRICS["clicked"], role="goal")

    card = scorecard(log.exposures, log.events, make_spec(metrics=(goal, guard)))

    found = card.metric(metric).comparisons[0].guardrail
    assert found is not None
    assert (found.state, card.decision.state) == (state, decision)
    if decision == "ship":
        assert card.decision.because.endswith("every guardrail is shown safe, or is unchanged")
