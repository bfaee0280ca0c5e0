"""From a toy log to the words on the page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from experiments.metrics import Scorecard, ScorecardSpec, decode, encode, scorecard
from experiments.metrics.results import Arm, CheckFigure, JudgedLook, MetricResult
from experiments.stats import RatioSample, Settings, at_confidence, compare, e_bh_adjusted

MakeSpec = Callable[..., ScorecardSpec]


def serve_arm(log: Any, variant: str, *, users: int, clickers: int, start: int = 0) -> None:
    """Users with one slate of four items each; the first `clickers` of them click one."""
    for i in range(start, start + users):
        request = log.serve(f"{variant}{i}", variant, "abcd", at=i % 500)
        if i < start + clickers:
            log.click(f"{variant}{i}", request, "b", at=i % 500 + 1)


def card(log: Any, spec: ScorecardSpec, previous: Scorecard | None = None) -> Scorecard:
    return scorecard(log.exposures, log.events, spec, previous=previous)


def real(value: float | None) -> float:
    """A number that has to be there."""
    assert value is not None
    return value


def sample(users: int, clickers: int) -> RatioSample:
    """What serve_arm adds up to."""
    return RatioSample(
        n=users,
        numerator=clickers,
        numerator_squares=clickers,
        denominator=4 * users,
        denominator_squares=16 * users,
        product=4 * clickers,
    )


def test_a_clear_gain_is_better_with_the_engines_own_figures(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=160, clickers=120)

    found = card(log, make_spec())

    ctr = found.metric("ctr")
    (only,) = ctr.comparisons
    assert found.arms == (
        Arm(variant="A", weight=0.5, users=150, impressions=600, clicks=60),
        Arm(variant="B", weight=0.5, users=160, impressions=640, clicks=120),
    )
    assert [value.value for value in ctr.values] == [0.1, 0.1875]
    for result in only.results:
        expected = compare(
            sample(150, 60),
            sample(160, 120),
            Settings(method=result.method, scale=result.scale, tuning=5000.0),
        )
        assert result.effect == pytest.approx(expected.effect, rel=1e-12)
        assert result.low == pytest.approx(expected.low, rel=1e-12)
        assert result.high == pytest.approx(expected.high, rel=1e-12)
        if result.method == "bayesian":
            assert result.chance_to_win == pytest.approx(expected.chance_to_win, rel=1e-9)
            assert (result.p_value, result.reason) == (None, None)
            continue
        assert result.p_value == pytest.approx(expected.p_value, rel=1e-9)
        assert result.reason is None
    deciding = only.result("sequential", "absolute")
    assert only.judged == JudgedLook(p_value=real(deciding.p_value), effect=real(deciding.effect))
    assert only.p_value == only.adjusted_p_value == deciding.p_value
    assert (only.floor.reached, only.reading) == (True, "better")
    lift = only.result("sequential", "relative")
    headline = found.decision.headline
    assert (found.decision.state, found.decision.variant) == ("ship", "B")
    assert (found.decision.rule, found.decision.metrics) == ("goal_better", ("ctr",))
    assert (headline.metric, headline.effect, headline.low) == ("ctr", lift.effect, lift.low)
    assert found.decisions == (found.decision,)
    assert only.decided("relative") == lift
    assert found.correction == "none"


def test_the_mirror_image_is_worse(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=160, clickers=120)
    serve_arm(log, "B", users=150, clickers=60)

    found = card(log, make_spec())

    assert found.metric("ctr").comparisons[0].reading == "worse"
    assert (found.decision.state, found.decision.variant) == ("roll_back", "B")
    assert found.decision.rule == "goal_worse"


def test_under_the_floor_the_same_gain_is_collecting(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=99, clickers=40)
    serve_arm(log, "B", users=105, clickers=100)

    found = card(log, make_spec())

    (only,) = found.metric("ctr").comparisons
    assert real(only.result("sequential", "absolute").p_value) < 0.001
    assert (only.reading, only.judged) == ("collecting", None)
    assert (only.floor.variant, only.floor.users, only.floor.users_missing) == ("A", 99, 1)
    assert (found.decision.state, found.decision.rule) == ("collecting", "goal_collecting")
    assert found.decision.headline.floor == only.floor


def test_arms_out_of_ratio_show_no_winner(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=250, clickers=60)
    serve_arm(log, "B", users=150, clickers=120)

    found = card(log, make_spec())

    (only,) = found.metric("ctr").comparisons
    assert found.health[0].healthy is False
    assert (only.reading, only.judged) == ("no_call", None)
    assert (found.decision.state, found.decision.rule) == ("unhealthy", "health_failed")
    assert [check.name for check in found.failed_checks] == ["sample_ratio"]


def test_weights_of_the_phase_are_what_the_ratio_is_held_against(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_arm(log, "A", users=250, clickers=60)
    serve_arm(log, "B", users=150, clickers=120)

    found = card(log, make_spec(weights=(0.625, 0.375)))

    assert (found.health[0].healthy, found.decision.state) == (True, "ship")


def test_users_lost_from_one_arm_by_a_second_variant_are_unhealthy(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_arm(log, "A", users=170, clickers=60)
    serve_arm(log, "B", users=150, clickers=120)
    for i in range(20):
        log.serve(f"A{i}", "B", "abcd", at=550)

    found = card(log, make_spec())

    ratio, crossed, left_out, _ = found.health
    assert (ratio.healthy, crossed.healthy, left_out.healthy) == (True, False, True)
    assert crossed.figures == (
        CheckFigure(variant="A", observed=20, expected=20 * 170 / 320),
        CheckFigure(variant="B", observed=0, expected=20 * 150 / 320),
    )
    assert [arm.users for arm in found.arms] == [150, 150]
    assert found.set_aside.users_in_two_variants == 20
    assert [check.name for check in found.failed_checks] == ["users_in_two_variants"]


def test_overrides_are_counted_and_set_aside(log: Any, make_spec: MakeSpec) -> None:
    log.serve("tester", "B", "ab", reason="override")
    log.serve("stranger", None, "ab", reason="outside_traffic")
    log.serve("u", "A", "ab")

    found = card(log, make_spec())

    assert found.set_aside.exposures_forced == 1
    assert [arm.users for arm in found.arms] == [1, 0]


def test_an_empty_log_is_collecting_everywhere(log: Any, make_spec: MakeSpec) -> None:
    found = card(log, make_spec(variants=("A", "B", "C"), weights=(2, 1, 1), series=True))

    assert [(a.users, a.impressions, a.clicks) for a in found.arms] == [(0, 0, 0)] * 3
    assert [check.healthy for check in found.health] == [None] * 4
    for metric in found.metrics:
        assert [c.reading for c in metric.comparisons] == ["collecting"] * 2
        assert [c.adjusted_p_value for c in metric.comparisons] == [None, None]
        assert [v.reason for v in metric.values] == ["too_few_users"] * 3
        assert {r.reason for c in metric.comparisons for r in c.results} == {"too_few_users"}
    assert found.decision.state == "collecting"
    assert found.decision.headline.floor.users_missing == 100
    assert {point.value for point in found.series["ctr"]} == {None}
    assert decode(encode(found)) == found


def test_no_clicks_at_all_give_a_reason_and_no_p(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=120, clickers=0)
    serve_arm(log, "B", users=120, clickers=0)

    found = card(log, make_spec())

    (only,) = found.metric("ctr").comparisons
    assert {(r.p_value, r.low, r.reason) for r in only.results} == {(None, None, "zero_variance")}
    assert only.reading == "collecting"
    assert (found.metric("ctr").values[0].value, found.metric("ctr").values[0].low) == (0.0, None)
    wilson = found.metric("clicked").values[0]
    assert (wilson.value, wilson.low) == (0.0, 0.0)
    assert wilson.high == pytest.approx(0.0310, abs=1e-4)


def test_constant_impressions_have_no_answer_rather_than_p_one(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_arm(log, "A", users=120, clickers=50)
    serve_arm(log, "B", users=120, clickers=50)

    (only,) = card(log, make_spec()).metric("impressions_per_user").comparisons

    assert (only.reading, only.p_value, only.floor.reached) == ("no_answer", None, True)


def test_an_open_end_is_none_with_its_reason(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=120, clickers=3)
    serve_arm(log, "B", users=120, clickers=80)

    found = decode(encode(card(log, make_spec())))

    lift = found.metric("ctr").comparisons[0].result("sequential", "relative")
    assert lift.low is not None
    assert (lift.high, lift.reason) == (None, "control_mean_near_zero")


def test_the_p_shown_is_the_smallest_over_the_looks(log: Any, make_spec: MakeSpec) -> None:
    spec = make_spec()
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=150, clickers=110)
    first = card(log, spec)
    serve_arm(log, "A", users=100, clickers=75, start=200)
    serve_arm(log, "B", users=100, clickers=40, start=200)

    alone, second = card(log, spec), card(log, spec, first)

    before, now = (c.metric("ctr").comparisons[0] for c in (first, second))
    assert now.p_value == before.p_value
    assert real(alone.metric("ctr").comparisons[0].p_value) > real(now.p_value)
    assert now.judged == before.judged
    assert real(now.result("sequential", "absolute").effect) > 0
    assert (now.reading, second.decision.state) == ("better", "ship")
    assert alone.decision.state == "keep_running"


@pytest.mark.parametrize(
    "change",
    [
        {"tuning": 4000.0},
        {"confidence": 0.9},
        {"experiment": "other"},
        {"phase": 2},
        {"earlier": timedelta(seconds=1)},
    ],
)
def test_a_look_at_another_test_is_left_aside(
    log: Any, make_spec: MakeSpec, change: dict[str, Any]
) -> None:
    for experiment, phase in (("home-ctr", 1), ("other", 1), ("home-ctr", 2)):
        for variant, clickers in (("A", 50), ("B", 55)):
            for i in range(120):
                user = f"{experiment}{phase}{variant}{i}"
                where = {"experiment": experiment, "phase": phase}
                request = log.serve(user, variant, "abcd", **where)
                if i < clickers:
                    log.click(user, request, "a")
    first = card(log, make_spec())
    earlier = change.pop("earlier", timedelta(0))
    spec = make_spec(**change, as_of=make_spec().as_of - earlier)

    assert card(log, spec, _with_extreme_look(first, 1e-9)) == card(log, spec)
    assert card(log, make_spec(), _with_extreme_look(first, 1e-9)).decision.state == "ship"


def _with_extreme_look(found: Scorecard, p_value: float) -> Scorecard:
    """The scorecard, had an earlier look at its metrics been far more extreme."""

    def extreme(metric: MetricResult) -> MetricResult:
        look = JudgedLook(p_value=p_value, effect=0.1)
        changed = (replace(c, judged=look) for c in metric.comparisons)
        return replace(metric, comparisons=tuple(changed))

    return replace(found, metrics=tuple(extreme(metric) for metric in found.metrics))


def test_treatments_on_the_primary_metric_are_corrected_by_holm(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=150, clickers=110)
    serve_arm(log, "C", users=150, clickers=70)

    found = card(log, make_spec(variants=("A", "B", "C"), weights=(1, 1, 1)))

    strong, weak = found.metric("ctr").comparisons
    doubled = 2 * real(strong.p_value)
    assert strong.adjusted_p_value == pytest.approx(doubled)
    assert weak.adjusted_p_value == pytest.approx(max(real(weak.p_value), doubled))
    assert [c.reading for c in (strong, weak)] == ["better", "no_call"]
    secondary = found.metric("clicked").comparisons
    assert [c.adjusted_p_value for c in secondary] == [c.p_value for c in secondary]
    assert (found.decision.state, found.decision.variant) == ("ship", "B")
    assert [decision.state for decision in found.decisions] == ["ship", "keep_running"]
    assert (found.correction, found.decision.headline.p_value) == ("holm", strong.adjusted_p_value)


def test_the_interval_of_a_corrected_comparison_belongs_to_the_correction(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=150, clickers=110)
    serve_arm(log, "C", users=150, clickers=70)

    found = card(log, make_spec(variants=("A", "B", "C"), weights=(1, 1, 1)))

    for comparison, clickers in zip(found.metric("ctr").comparisons, (110, 70), strict=True):
        assert comparison.confidence == pytest.approx(0.975)
        decided, plain = comparison.decided("relative"), comparison.result("sequential", "relative")
        expected = compare(
            sample(150, 60),
            sample(150, clickers),
            at_confidence(Settings(tuning=5000.0), comparison.confidence),
        )
        assert (decided.low, decided.high) == pytest.approx((expected.low, expected.high))
        assert real(decided.low) < real(plain.low)
        assert real(decided.high) > real(plain.high)
        assert (real(decided.low) > 0) == (comparison.reading == "better")
    assert found.decision.headline.low == found.metric("ctr").comparisons[0].decided("relative").low
    secondary = found.metric("clicked").comparisons[0]
    assert secondary.confidence == 0.95
    assert secondary.decided("relative") == secondary.result("sequential", "relative")


def test_e_bh_goes_by_the_e_values_of_this_look(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=150, clickers=110)
    serve_arm(log, "C", users=150, clickers=70)
    spec = make_spec(variants=("A", "B", "C"), weights=(1, 1, 1), correction="e_bh")
    first = _with_extreme_look(card(log, spec), 1e-9)

    found = card(log, spec, first)

    comparisons = found.metric("ctr").comparisons
    e_values = [real(c.result("sequential", "absolute").e_value) for c in comparisons]
    assert [c.adjusted_p_value for c in comparisons] == pytest.approx(e_bh_adjusted(e_values))
    assert [c.reading for c in comparisons] == ["better", "no_call"]
    assert [c.confidence for c in comparisons] == pytest.approx([0.975, 0.975])
    assert found.correction == "e_bh"


def test_one_arm_under_the_floor_keeps_every_treatment_collecting(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=150, clickers=120)
    serve_arm(log, "C", users=40, clickers=30)

    found = card(log, make_spec(variants=("A", "B", "C"), weights=(150, 150, 40)))

    assert [c.reading for c in found.metric("ctr").comparisons] == ["collecting"] * 2
    assert found.decision.state == "collecting"
    assert found.decision.headline.floor.variant == "C"


def test_the_series_ends_in_the_scorecard_itself(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=160, clickers=120)

    found = card(log, make_spec(series=True))

    ctr = found.metric("ctr")
    last = [point for point in found.series["ctr"] if point.as_of == found.as_of]
    assert [(p.variant, p.users, p.value, p.low, p.high) for p in last] == [
        (v.variant, v.users, v.value, v.low, v.high) for v in ctr.values
    ]
    lift = [point for point in found.lifts["ctr"] if point.as_of == found.as_of]
    shown = ctr.comparisons[0].result("sequential", "relative")
    assert [(p.effect, p.low, p.high) for p in lift] == [(shown.effect, shown.low, shown.high)]
    assert [p.judged for p in found.lifts["ctr"]] == sorted(p.judged for p in found.lifts["ctr"])
    assert (found.lifts["ctr"][0].judged, lift[0].judged) == (False, True)
    assert found.period_seconds == 10
    assert len(found.series["ctr"]) == 2 * 60
    arrived = [p for p in found.exposures if p.variant == "B"]
    assert sum(p.new_users for p in arrived) == arrived[-1].users == 160
    assert np.diff([p.users for p in arrived]).tolist() == [p.new_users for p in arrived[1:]]


def test_a_scorecard_survives_json(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=160, clickers=120)
    found = card(log, make_spec())

    document = encode(found)

    assert decode(document) == found
    assert b"NaN" not in document
    assert b"Infinity" not in document
