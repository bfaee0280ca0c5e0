"""An experiment whose arms change while it is under way: B goes after the first phase, C comes with
the second, D is there all the time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.metrics import METRICS, PhaseSpec, Scorecard, ScorecardSpec, Tracked, scorecard
from experiments.metrics.absent_arms import users_in_absent_arms
from experiments.metrics.health import users_in_two_variants
from experiments.metrics.presence import company, gone_since, phases_of
from experiments.metrics.ratio_check import sample_ratio
from experiments.metrics.results import Check, decode, encode
from experiments.stats import ProportionSample, Settings, check_srm, check_srm_phases, compare
from tests.experiments.metrics.conftest import seconds

MakeSpec = Callable[..., ScorecardSpec]
ARMS = ("A", "B", "C", "D")
WEIGHTS = ((1, 1, 0, 1), (1, 0, 1, 1))
START = (0, 300)


def coming(make_spec: MakeSpec, *weights: tuple[float, ...], **changes: Any) -> ScorecardSpec:
    phases = tuple(
        PhaseSpec(number=n + 1, started_at=seconds(START[n]), weights=w)
        for n, w in enumerate(weights or WEIGHTS)
    )
    given = {"variants": ARMS, "phases": phases, "metrics": ("clicked",), "goal": "clicked"}
    return make_spec(**given | changes)


def fill(log: Any, phase: int, variant: str, users: int, clicks: int, *, at: float = 5) -> None:
    """Users of one arm of a phase, the first of whom click."""
    for i in range(users):
        name, when = f"{phase}{variant}{i}-{at}", START[phase - 1] + at
        request = log.serve(name, variant, "a", at=when, phase=phase)
        if i < clicks:
            log.click(name, request, "a", at=when + 1)


def filled(log: Any) -> Any:
    for phase, variant, clicks in (
        (1, "A", 60),
        (1, "B", 90),
        (1, "D", 60),
        (2, "A", 120),
        (2, "C", 150),
        (2, "D", 120),
    ):
        fill(log, phase, variant, 300, clicks)
    return log


def card(log: Any, spec: ScorecardSpec, **more: Any) -> Scorecard:
    return scorecard(log.exposures, log.events, spec, **more)


def of_check(found: Scorecard, name: str) -> Check:
    return next(check for check in found.health if check.name == name)


def test_arms_know_their_phases_and_whom_they_wait_for(make_spec: MakeSpec) -> None:
    spec = coming(make_spec)

    assert [phases_of(spec, i) for i in range(4)] == [[0, 1], [0], [1], [0, 1]]
    assert [gone_since(spec, i) for i in range(4)] == [None, 2, None, None]
    assert [company(spec, i) for i in (1, 2, 3)] == [[0, 1], [0, 2], [0, 3]]
    alike = coming(make_spec, (1, 1, 0, 1), (1, 1, 1, 1))
    assert company(alike, 1) == [0, 1, 3]


def test_each_arm_is_compared_with_the_control_of_its_own_phases(
    log: Any, make_spec: MakeSpec
) -> None:
    found = card(filled(log), coming(make_spec)).metric("clicked")

    settings = Settings(method="fixed", scale="absolute")
    control = [ProportionSample(300, 60), ProportionSample(300, 120)]
    b, c, d = found.comparisons
    for comparison, one, other in (
        (b, control[0], ProportionSample(300, 90)),
        (c, control[1], ProportionSample(300, 150)),
    ):
        hoped: Any = compare(one, other, settings)
        shown = comparison.result("fixed", "absolute")
        assert shown.effect == pytest.approx(hoped.effect)
        assert shown.p_value == pytest.approx(hoped.p_value)
    assert d.result("fixed", "absolute").effect == pytest.approx(0.0)
    assert (b.phase_weights, b.left_out) == ((1.0, None), (None, "not_in_phase"))
    assert (c.phase_weights, c.left_out) == ((None, 1.0), ("not_in_phase", None))
    assert d.left_out == (None, None)
    assert b.against is not None
    assert (b.against.users, b.against.value) == (300, 0.2)
    assert c.against is not None
    assert (c.against.users, c.against.value) == (300, 0.4)
    assert d.against is None


def test_an_arm_that_is_gone_holds_back_nobody_and_is_never_shipped(
    log: Any, make_spec: MakeSpec
) -> None:
    fill(log, 1, "A", 300, 60)
    fill(log, 1, "B", 20, 20)  # taken out below the floor
    fill(log, 1, "D", 300, 60)
    fill(log, 2, "A", 300, 60)
    fill(log, 2, "D", 300, 160)
    spec = coming(make_spec, (15, 1, 15), (1, 0, 1), variants=("A", "B", "D"), tuning=400.0)

    found = card(log, spec)

    assert [d.state for d in found.decisions] == ["taken_out", "ship"]
    assert (found.decision.state, found.decision.variant) == ("ship", "D")
    assert found.decisions[0].because == (
        "B has taken no users since phase 2: nothing is left to decide"
    )
    b, d = (comparison.floor for comparison in found.metric("clicked").comparisons)
    assert (b.reached, b.variant, b.users) == (False, "B", 20)
    assert d.reached is True
    assert [found.is_taken_out(variant) for variant in "ABD"] == [False, True, False]
    assert decode(encode(found)) == found


def test_an_arm_that_came_later_does_not_unsay_what_was_shown(
    log: Any, make_spec: MakeSpec
) -> None:
    fill(log, 1, "A", 300, 60)
    fill(log, 1, "D", 300, 160)
    fill(log, 2, "A", 20, 4)
    fill(log, 2, "C", 20, 4)
    fill(log, 2, "D", 20, 9)
    spec = coming(make_spec, (1, 0, 1), (1, 1, 1), variants=("A", "C", "D"), tuning=400.0)

    found = card(log, spec)

    assert [c.reading for c in found.metric("clicked").comparisons] == ["collecting", "better"]
    assert found.metric("clicked").comparisons[0].floor.users == 20  # of A in phase 2, not 320
    assert [d.state for d in found.decisions] == ["collecting", "ship"]


def test_where_all_treatments_are_gone_nothing_is_left_to_decide(
    log: Any, make_spec: MakeSpec
) -> None:
    fill(log, 1, "A", 300, 60)
    fill(log, 1, "B", 300, 160)
    fill(log, 2, "A", 300, 60)

    found = card(log, coming(make_spec, (1, 1), (1, 0), variants=("A", "B")))

    assert (found.decision.state, found.decision.variant) == ("taken_out", "B")
    assert found.decision.headline.effect == pytest.approx(160 / 60 - 1)
    assert of_check(found, "sample_ratio").p_value == 1.0


def test_the_planned_users_are_those_of_the_arms_own_phases(log: Any, make_spec: MakeSpec) -> None:
    spec = coming(make_spec, method="fixed", tuning=900.0)

    found = card(filled(log), spec).metric("clicked")

    assert [c.reading for c in found.comparisons] == ["not_due", "not_due", "no_call"]
    assert [c.judged is None for c in found.comparisons] == [True, True, False]


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_a_judgement_outlasts_the_change_of_arms(
    log: Any, make_spec: MakeSpec, method: str
) -> None:
    fill(log, 1, "A", 300, 60)
    fill(log, 1, "B", 300, 100)
    before = coming(make_spec, (1, 1), variants=("A", "B"), method=method, tuning=600.0)
    first = card(log, before)
    judged = first.metric("clicked").comparisons[0].judged
    assert judged is not None
    fill(log, 2, "A", 300, 60)
    fill(log, 2, "B", 300, 60)
    fill(log, 2, "C", 300, 60)
    after = coming(
        make_spec, (1, 1, 0), (1, 1, 1), variants=("A", "B", "C"), method=method, tuning=600.0
    )

    second = card(log, after, previous=first).metric("clicked").comparisons[0]

    assert second.judged == judged
    assert second.p_value == first.metric("clicked").comparisons[0].p_value
    alone = card(log, after).metric("clicked").comparisons[0]
    assert alone.judged is not None
    assert alone.judged.p_value > judged.p_value


def test_an_arm_that_is_gone_stays_in_the_correction(log: Any, make_spec: MakeSpec) -> None:
    found = card(filled(log), coming(make_spec)).metric("clicked")

    b, c, _ = found.comparisons
    assert b.p_value is not None
    assert c.p_value is not None
    assert b.p_value < c.p_value
    assert b.adjusted_p_value == pytest.approx(3 * b.p_value)
    assert c.adjusted_p_value == pytest.approx(2 * c.p_value)
    assert b.confidence == pytest.approx(1 - 0.05 / 3)


def test_the_ratio_of_each_phase_is_over_the_arms_that_take_users_there(
    make_spec: MakeSpec,
) -> None:
    spec = coming(make_spec)
    users = np.array([[300, 330, 0, 290], [500, 0, 460, 520]])
    there = [[300, 330, 290], [500, 460, 520]]

    found = sample_ratio(spec, users[:, :, None])

    ones = [(1, 1, 1)] * 2
    assert found.p_value == pytest.approx(check_srm_phases(there, ones).p_value)
    assert found.sequential_p_value == pytest.approx(
        check_srm_phases(there, ones, "sequential").p_value
    )
    expected = [figure.expected for figure in found.figures]
    assert expected == pytest.approx([800.0, 920 / 3, 1480 / 3, 800.0])


def test_a_phase_without_users_yet_names_an_arm_with_some(make_spec: MakeSpec) -> None:
    found = sample_ratio(coming(make_spec), np.array([[900, 500, 0, 900], [0] * 4])[:, :, None])

    assert found.healthy is False
    assert "B has 500 users where 767 were expected." in found.detail


def test_a_phase_of_the_control_alone_has_no_ratio(make_spec: MakeSpec) -> None:
    spec = coming(make_spec, (1, 1), (1, 0), variants=("A", "B"))

    found = sample_ratio(spec, np.array([[500, 520], [10_000, 0]])[:, :, None])

    assert found.p_value == pytest.approx(check_srm([500, 520], [1, 1]).p_value)
    assert [figure.expected for figure in found.figures] == [10_510.0, 510.0]


def test_users_in_two_variants_are_compared_within_each_phase(make_spec: MakeSpec) -> None:
    """1 in 10 crossed in the first phase and none in the second: C has none, for it came late."""
    spec = coming(make_spec)
    users = [[1_000, 1_000, 0, 1_000], [1_000, 0, 1_000, 1_000]]

    found = users_in_two_variants(spec, users, [[100, 100, 0, 100], [0, 0, 0, 0]])
    uneven = users_in_two_variants(spec, users, [[100, 100, 0, 100], [2, 0, 28, 1]])

    assert (found.healthy, found.p_value) == (True, 1.0)
    assert [figure.expected for figure in found.figures] == [100.0, 100.0, 0.0, 100.0]
    tail = stats.hypergeom(3_000, 1_000, 31).sf(27)
    assert uneven.p_value == pytest.approx(2 * tail * 6)
    assert uneven.healthy is False


def test_users_of_an_absent_arm_are_set_aside_and_said(log: Any, make_spec: MakeSpec) -> None:
    spec = coming(make_spec, series=True, described=True, segments=("tier",))
    clean = card(filled(log), spec)
    log.serve("late", "B", "a", at=310, phase=2)
    log.click("late", "r9", "a", at=311)

    found = card(log, spec)

    assert found.set_aside.users_in_absent_arms == 1
    check = of_check(found, "users_in_absent_arms")
    assert (check.healthy, check.p_value, check.reason) == (False, None, "not_in_phase")
    assert check.detail.startswith(
        "Users were seen in an arm that takes none in their phase: 1 in B in phase 2."
    )
    assert found.decision.rule == "health_failed"
    assert found.arms == clean.arms
    assert found.exposures == clean.exposures
    assert found.described == clean.described
    assert found.metric("clicked").values == clean.metric("clicked").values
    assert found.health[0] == clean.health[0]  # the sample ratio


@pytest.mark.parametrize(("astray", "healthy"), [(0, True), (10, True), (11, False)])
def test_one_in_a_thousand_of_them_is_what_a_cache_may_let_through(
    make_spec: MakeSpec, astray: int, healthy: bool
) -> None:
    spec = coming(make_spec)
    users = [[5_000, 5_000, 0, 5_000], [3_330, 0, 3_330, 3_330]]

    found = users_in_absent_arms(spec, users, [[0] * 4, [0, astray, 0, 0]])

    assert found is not None
    assert found.healthy is healthy
    if not astray:
        assert found.detail == "Nobody was seen in an arm that takes no users."
        assert found.reason == "no_such_users"
    elif healthy:
        assert found.detail.endswith("10 in B in phase 2. They are set aside.")


def test_nobody_asks_for_absent_arms_where_there_are_none(make_spec: MakeSpec) -> None:
    spec = make_spec()

    assert users_in_absent_arms(spec, [[10, 10]], [[0, 0]]) is None
    empty = users_in_absent_arms(coming(make_spec), [[0] * 4] * 2, [[0] * 4] * 2)
    assert empty is not None
    assert (empty.healthy, empty.reason) == (None, "too_few_users")


def test_new_users_are_held_against_the_weights_of_their_phase(
    log: Any, make_spec: MakeSpec
) -> None:
    found = card(filled(log), coming(make_spec, series=True))

    when = {point.as_of for point in found.exposures if point.new_users}
    shown = {
        (place, p.variant): (p.new_users, p.planned)
        for place, at in enumerate(sorted(when))
        for p in found.exposures
        if p.as_of == at
    }
    assert shown == {
        (0, "A"): (300, 300.0),
        (0, "B"): (300, 300.0),
        (0, "C"): (0, 0.0),
        (0, "D"): (300, 300.0),
        (1, "A"): (300, 300.0),
        (1, "B"): (0, 0.0),
        (1, "C"): (300, 300.0),
        (1, "D"): (300, 300.0),
    }
    assert [arm.weight for arm in found.arms] == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3])
    judged = [p for p in found.lifts["clicked"] if p.judged]
    assert {p.variant for p in judged} == {"B", "C", "D"}


def test_slates_are_described_of_arms_that_take_users_in_the_phases_they_share(
    log: Any, make_spec: MakeSpec
) -> None:
    for i in range(4):
        log.serve(f"a{i}", "A", "xyz", at=1, phase=1)
        log.serve(f"d{i}", "D", "xyz", at=1, phase=1)
        log.serve(f"2a{i}", "A", "ab", at=301, phase=2)
        log.serve(f"2c{i}", "C", "bc", at=301, phase=2)
        log.serve(f"2d{i}", "D", "cd", at=301, phase=2)
    log.serve("b", "B", "z", at=1, phase=1)

    found = card(log, coming(make_spec, described=True)).described

    items = {d.variant: (d.slates, d.value, d.reason) for d in found if d.name == "different_items"}
    assert items == {
        "A": (4, 2.0, None),
        "B": (0, None, "taken_out"),
        "C": (4, 2.0, None),
        "D": (4, 2.0, None),
    }


def test_segments_cuped_and_the_balance_before_leave_absent_arms_out(
    log: Any, make_spec: MakeSpec
) -> None:
    rng = np.random.default_rng(1)
    for phase, arms in ((1, "ABD"), (2, "ACD")):
        for variant in arms:
            for i in range(240):
                user, at = f"{phase}{variant}{i}", START[phase - 1] + 5
                tier = {"tier": "gold" if i % 2 else "tin"}
                log.event("purchase", user, at=at - 30, value=float(rng.poisson(4)))
                log.serve(user, variant, "a", at=at, phase=phase, attributes=tier)
                log.event("purchase", user, at=at + 1, value=float(rng.poisson(4)))
    spec = coming(
        make_spec,
        metrics=("revenue_per_user",),
        goal="revenue_per_user",
        lookback_days=60 / 86_400,
        cuped=True,
        segments=("tier",),
    )

    found = card(log, spec)

    metric = found.metric("revenue_per_user")
    assert of_check(found, "pre_period_balance").healthy is True
    assert [c.left_out for c in metric.comparisons] == [
        (None, "not_in_phase"),
        ("not_in_phase", None),
        (None, None),
    ]
    for segment in metric.segments:
        assert [c.floor and c.floor.users for c in segment.comparisons] == [120, 120, 240]
        assert all(c.results[0].effect is not None for c in segment.comparisons)
    assert [(h.variant, h.segments) for h in metric.heterogeneity] == [("B", 2), ("C", 2), ("D", 2)]


def test_a_guardrail_of_an_arm_waits_for_its_own_users_alone(log: Any, make_spec: MakeSpec) -> None:
    guard = Tracked(metric=METRICS["clicked"], role="guardrail", margin=0.1)
    goal = Tracked(metric=METRICS["ctr"], role="goal")
    fill(log, 1, "A", 600, 300)
    fill(log, 1, "B", 30, 15)
    fill(log, 2, "A", 600, 300)
    fill(log, 2, "D", 600, 200)
    spec = coming(make_spec, (20, 1, 0), (1, 0, 1), variants=("A", "B", "D"), metrics=(goal, guard))

    found = card(log, spec).metric("clicked")

    assert [c.guardrail and c.guardrail.state for c in found.comparisons] == [
        "collecting",
        "harm_shown",
    ]
