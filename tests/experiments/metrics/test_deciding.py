"""The decision as one table, row by row, and what no evidence whatever may lead to."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.metrics.deciding import decide, decide_experiment
from experiments.metrics.decision_rules import TABLE
from experiments.metrics.evidence import Evidence, Goal, Guard
from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.guardrails import GuardrailState
from experiments.metrics.results import Decision, Method, Reading
from experiments.metrics.spec import TrainingData


def goal(
    reading: Reading, name: str = "CTR", p: float | None = 0.0031, effect: float = 0.1
) -> Goal:
    return Goal(metric=name.lower(), name=name, reading=reading, adjusted_p_value=p, effect=effect)


def guard(state: GuardrailState, name: str = "Revenue", *, required: bool = True) -> Guard:
    return Guard(metric=name.lower(), name=name, state=state, required=required)


BETTER, WORSE, OPEN = (goal("better"),), (goal("worse"),), (goal("no_call", p=0.4),)
BOTH = (goal("better"), goal("worse", "Orders", 0.0004))
BELOW = (goal("better"), goal("collecting", "Orders", None))
SAFE, HARM, UNSAFE = (guard("safe"),), (guard("harm_shown"),), (guard("safety_not_yet_shown"),)
SRM = ("sample_ratio",)
DUE: dict[str, Any] = {"planned_reached": True}
FIXED: dict[str, Any] = {"method": "fixed"}
GONE: dict[str, Any] = {"gone_since": 3}
SHARED: dict[str, Any] = {"training_data": "shared"}

ROWS: list[tuple[tuple[Goal, ...], tuple[Guard, ...], dict[str, Any], str, str]] = [
    # goals, guardrails, what else holds -> state, deciding rule
    (BETTER, SAFE, GONE, "taken_out", "arm_taken_out"),
    (WORSE, HARM, GONE | DUE, "taken_out", "arm_taken_out"),
    (BELOW, SAFE, GONE | {"failed_checks": SRM}, "taken_out", "arm_taken_out"),
    (BETTER, SAFE, {"failed_checks": SRM}, "unhealthy", "health_failed"),
    (WORSE, HARM, {"failed_checks": SRM}, "unhealthy", "health_failed"),
    (BELOW, SAFE, {"failed_checks": SRM}, "unhealthy", "health_failed"),
    (BETTER, HARM, {}, "roll_back", "guardrail_harmed"),
    (BETTER, HARM, DUE, "roll_back", "guardrail_harmed"),
    (BELOW, HARM, {}, "roll_back", "guardrail_harmed"),
    (OPEN, HARM, FIXED, "roll_back", "guardrail_harmed"),
    (BETTER, HARM + SAFE, {}, "roll_back", "guardrail_harmed"),
    (BELOW, SAFE, {}, "collecting", "goal_collecting"),
    (BELOW, SAFE, DUE, "collecting", "goal_collecting"),
    (BELOW, SAFE, SHARED, "collecting", "goal_collecting"),
    (BETTER, SAFE, SHARED, "keep_running", "learning_shared"),
    (BETTER, SAFE, SHARED | DUE, "inconclusive", "learning_shared"),
    (WORSE, HARM, SHARED, "keep_running", "learning_shared"),
    (BETTER, SAFE, FIXED, "keep_running", "one_look_not_due"),
    (WORSE, SAFE, {"method": "bayesian"}, "keep_running", "one_look_not_due"),
    (BOTH, SAFE, {}, "inconclusive", "goals_disagree"),
    (BOTH, UNSAFE, DUE, "inconclusive", "goals_disagree"),
    (WORSE, SAFE, {}, "roll_back", "goal_worse"),
    (WORSE, UNSAFE, FIXED | DUE, "roll_back", "goal_worse"),
    (BETTER, UNSAFE, {}, "keep_running", "guardrail_unsettled"),
    (BETTER, UNSAFE, DUE, "inconclusive", "guardrail_unsettled"),
    (BETTER, SAFE + UNSAFE, {}, "keep_running", "guardrail_unsettled"),
    (BETTER, (guard("collecting"),), {}, "keep_running", "guardrail_unsettled"),
    (BETTER, (guard("no_answer"),), DUE, "inconclusive", "guardrail_unsettled"),
    # a guardrail that is only watched decides nothing
    (BETTER, (guard("collecting", required=False),), {}, "ship", "goal_better"),
    (BETTER, (guard("harm_shown", required=False),), {}, "ship", "goal_better"),
    (BETTER, (guard("safe", required=False), *UNSAFE), {}, "keep_running", "guardrail_unsettled"),
    (BETTER, SAFE, {}, "ship", "goal_better"),
    (BETTER, SAFE, DUE, "ship", "goal_better"),
    (BETTER, SAFE, FIXED | DUE, "ship", "goal_better"),
    (BETTER, SAFE, {"training_data": "frozen"}, "ship", "goal_better"),
    (BETTER, (), {}, "ship", "goal_better"),
    (BETTER, (guard("unchanged"),), {}, "ship", "goal_better"),
    (BETTER + OPEN, SAFE, {}, "ship", "goal_better"),
    (OPEN, SAFE, {}, "keep_running", "nothing_shown"),
    (OPEN, UNSAFE, {}, "keep_running", "nothing_shown"),
    (OPEN, SAFE, DUE, "inconclusive", "nothing_shown"),
    ((goal("no_answer", p=None),), SAFE, {}, "keep_running", "nothing_shown"),
]


def evidence(goals: tuple[Goal, ...], guardrails: tuple[Guard, ...] = (), **given: Any) -> Evidence:
    usual: dict[str, Any] = {"variant": "B", "planned_reached": False}
    return Evidence(goals=goals, guardrails=guardrails, **(usual | given))


@pytest.mark.parametrize(("goals", "guardrails", "given", "state", "rule"), ROWS)
def test_the_table(goals: Any, guardrails: Any, given: Any, state: str, rule: str) -> None:
    decision = decide(evidence(goals, guardrails, **given))
    assert (decision.state, decision.rule, decision.variant) == (state, rule, "B")


def test_the_table_is_covered() -> None:
    assert {rule for *_, rule in ROWS} == set(TABLE)


@pytest.mark.parametrize(
    ("goals", "guardrails", "given", "because", "metrics"),
    [
        (
            BETTER,
            SAFE,
            {},
            "Goal CTR (adjusted p .003) is better, and every guardrail is shown safe",
            ("ctr", "revenue"),
        ),
        (
            BETTER,
            (),
            {},
            "Goal CTR (adjusted p .003) is better, and no guardrail was asked to be shown safe",
            None,
        ),
        (
            BETTER,
            (guard("harm_shown", required=False),),
            {},
            "Goal CTR (adjusted p .003) is better, and no guardrail was asked to be shown safe; "
            "but Revenue, which is only watched, got worse",
            None,
        ),
        (WORSE, SAFE, {}, "Goal CTR (adjusted p .003) is worse", ("ctr",)),
        (
            BOTH,
            (),
            {},
            "Goal CTR (adjusted p .003) is better and Goal Orders (adjusted p < .001) is worse",
            ("ctr", "orders"),
        ),
        (
            BETTER,
            (*UNSAFE, guard("collecting", "Errors"), guard("no_answer", "Latency")),
            {},
            "Goal CTR (adjusted p .003) is better, but guardrail Revenue is not yet shown to be "
            "safe, guardrail Errors is below the floor and guardrail Latency has no answer",
            ("ctr", "revenue", "errors", "latency"),
        ),
        (BETTER, HARM, {}, "Guardrail Revenue shows harm", ("revenue",)),
        (
            BETTER,
            (*HARM, guard("harm_shown", "Errors")),
            {},
            "Guardrails Revenue and Errors show harm",
            ("revenue", "errors"),
        ),
        (
            BELOW,
            (),
            {},
            "Goal Orders is still below the floor, where nothing is judged",
            ("orders",),
        ),
        (
            BETTER,
            (),
            {"failed_checks": ("sample_ratio", "users_in_two_variants")},
            "Health comes before results, and this failed: sample ratio and users in two variants",
            (),
        ),
        (
            BETTER,
            (),
            SHARED,
            "The arms learn from each other's clicks, so the data can show the opposite of the "
            "truth; nothing is decided automatically",
            (),
        ),
        (
            BETTER,
            (),
            FIXED,
            "Only a sequential test is judged before the planned users have come",
            (),
        ),
        (
            OPEN,
            (),
            {},
            "No goal is shown better or worse, and not all of the planned users have come",
            ("ctr",),
        ),
        (BETTER, (), GONE, "B has taken no users since phase 3: nothing is left to decide", ()),
        (
            OPEN,
            (),
            DUE,
            "No goal is shown better or worse, although the planned users have come",
            ("ctr",),
        ),
    ],
)
def test_the_rule_is_said_in_words_with_the_metrics_that_decided(
    goals: Any, guardrails: Any, given: Any, because: str, metrics: Any
) -> None:
    decision = decide(evidence(goals, guardrails, **given))
    assert decision.because == because
    assert decision.metrics == (("ctr",) if metrics is None else metrics)


def test_a_decision_needs_a_goal_and_a_treatment() -> None:
    with pytest.raises(InvalidSpec, match="goals needs at least one"):
        evidence(())
    with pytest.raises(InvalidSpec, match="treatments needs at least one"):
        decide_experiment([])


@pytest.mark.parametrize(
    ("treatments", "state", "variant"),
    [
        ([("A", BETTER), ("B", OPEN)], "ship", "A"),
        ([("A", (goal("better", effect=0.1),)), ("B", (goal("better", effect=0.2),))], "ship", "B"),
        # a fall may be the good direction
        (
            [("A", (goal("better", effect=-0.2),)), ("B", (goal("better", effect=-0.1),))],
            "ship",
            "A",
        ),
        ([("A", WORSE), ("B", OPEN)], "keep_running", "B"),
        ([("A", WORSE), ("B", BELOW)], "collecting", "B"),
        ([("A", WORSE), ("B", BOTH)], "inconclusive", "B"),
        ([("A", WORSE), ("B", WORSE)], "roll_back", "A"),
    ],
)
def test_of_several_treatments_the_one_that_leads_decides(
    treatments: Any, state: str, variant: str
) -> None:
    found = decide_experiment([evidence(goals, variant=name) for name, goals in treatments])
    assert (found.state, found.variant) == (state, variant)


@pytest.mark.parametrize(
    ("left", "state"), [(BETTER, "ship"), (WORSE, "roll_back"), (BELOW, "collecting")]
)
def test_an_arm_that_was_taken_out_is_asked_only_where_none_is_left(left: Any, state: str) -> None:
    gone = evidence(BETTER, variant="A", **GONE)
    found = decide_experiment([gone, evidence(left, variant="B")])
    assert (found.state, found.variant) == (state, "B")
    assert decide_experiment([gone, evidence(left, variant="B", **GONE)]).state == "taken_out"


def test_several_treatments_of_one_unhealthy_experiment_are_unhealthy() -> None:
    arms = [evidence(BETTER, variant=name, failed_checks=SRM) for name in "AB"]
    assert decide_experiment(arms).state == "unhealthy"


def test_a_decision_survives_json() -> None:
    decision = decide(evidence(BETTER, SAFE))
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision


goals_drawn = st.lists(
    st.builds(
        goal, st.sampled_from(get_args(Reading)), st.sampled_from(["CTR", "Orders"]), st.none()
    ),
    min_size=1,
    max_size=3,
).map(tuple)
guards_drawn = st.lists(
    st.builds(guard, st.sampled_from(get_args(GuardrailState))), max_size=3
).map(tuple)
any_evidence = st.builds(
    Evidence,
    variant=st.just("B"),
    goals=goals_drawn,
    guardrails=guards_drawn,
    failed_checks=st.sampled_from([(), SRM]),
    planned_reached=st.booleans(),
    method=st.sampled_from(get_args(Method)),
    training_data=st.sampled_from(get_args(TrainingData)),
    gone_since=st.sampled_from([None, 2]),
)


@settings(max_examples=600, deadline=None)
@given(any_evidence)
def test_nothing_ships_sick_below_the_floor_or_unsafe(found: Evidence) -> None:
    decision = decide(found)
    blocked = (
        found.failed_checks
        or found.gone_since
        or found.read("collecting")
        or found.read("worse")
        or not found.read("better")
        or found.training_data == "shared"
        or [each for each in found.guardrails if each.state not in ("safe", "unchanged")]
        or (found.method != "sequential" and not found.planned_reached)
    )
    assert (decision.state == "ship") == (not blocked)


@settings(max_examples=600, deadline=None)
@given(any_evidence)
def test_nothing_is_rolled_back_without_something_worse(found: Evidence) -> None:
    decision = decide(found)
    if decision.state == "roll_back":
        assert not found.failed_checks
        assert found.training_data != "shared"
        assert found.guarded("harm_shown") or found.read("worse")
    if found.gone_since:
        assert decision.state == "taken_out"
    elif found.failed_checks:
        assert decision.state == "unhealthy"
    assert decision.because
    assert decision.rule in TABLE
