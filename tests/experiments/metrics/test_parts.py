"""What a scorecard holds beside its main comparison: guardrails, segments, pre-periods, phases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ibis import _
from msgspec.structs import replace

from experiments.metrics import (
    METRICS,
    Metric,
    MissingColumn,
    PhaseSpec,
    Scorecard,
    ScorecardSpec,
    Tracked,
    decode,
    encode,
    scorecard,
)
from experiments.metrics.measures import Clicks, Events, Slates, Window
from experiments.metrics.results import VariantComparison
from experiments.stats import (
    CupedSample,
    MeanSample,
    RatioSample,
    Settings,
    compare,
    compare_phases,
)
from tests.experiments.metrics.conftest import START, seconds

MakeSpec = Callable[..., ScorecardSpec]
DAY = 86_400


def serve_arm(
    log: Any, variant: str, *, users: int, clickers: int, at: float = 0, **changes: Any
) -> None:
    """Users with one slate of four items each; the first `clickers` of them click one."""
    for i in range(users):
        user = f"{variant}{changes.get('phase', 1)}-{i}"
        request = log.serve(user, variant, "abcd", at=at, **changes)
        if i < clickers:
            log.click(user, request, "b", at=at + 1)


def card(log: Any, spec: ScorecardSpec, previous: Scorecard | None = None) -> Scorecard:
    return scorecard(log.exposures, log.events, spec, previous=previous)


def only(found: Scorecard, key: str) -> VariantComparison:
    (comparison,) = found.metric(key).comparisons
    return comparison


SLOW = Tracked(metric=METRICS["slow_slates"], role="guardrail", margin=0.5)


@pytest.mark.parametrize(
    ("slow_in_b", "state"),
    [(200, "harm_shown"), (60, "safe"), (115, "safety_not_yet_shown")],
)
def test_a_guardrail_says_harm_safety_or_neither(
    log: Any, make_spec: MakeSpec, slow_in_b: int, state: str
) -> None:
    for variant, slow in (("A", 100), ("B", slow_in_b)):
        for i in range(300):
            log.serve(f"{variant}{i}", variant, "ab", latency_ms=900.0 if i < slow else 20.0)

    found = card(log, make_spec(metrics=("ctr", SLOW), tuning=600.0))

    guard = only(found, "slow_slates").guardrail
    assert guard is not None
    assert (guard.state, guard.margin) == (state, 0.5)
    assert found.metric("slow_slates").role == "guardrail"
    assert only(found, "ctr").guardrail is None
    settings = Settings(tuning=600.0, alternative="less", margin=0.5)
    safety = compare(slates(100), slates(slow_in_b), settings)
    assert guard.safety.p_value == pytest.approx(safety.p_value)
    assert guard.safety.bound == pytest.approx(safety.high)
    harm = compare(slates(100), slates(slow_in_b), replace_alternative(settings))
    assert guard.harm.p_value == pytest.approx(harm.p_value)


def slates(slow: int) -> RatioSample:
    return RatioSample(
        n=300,
        numerator=slow,
        numerator_squares=slow,
        denominator=300,
        denominator_squares=300,
        product=slow,
    )


def replace_alternative(settings: Settings) -> Settings:
    return Settings(tuning=settings.tuning, alternative="greater")


def test_an_earlier_look_at_a_guardrail_is_handed_on(log: Any, make_spec: MakeSpec) -> None:
    for variant in "AB":
        for i in range(300):
            log.serve(f"{variant}{i}", variant, "ab", latency_ms=900.0 if i < 40 else 20.0)
    spec = make_spec(metrics=("ctr", SLOW))
    look = card(log, spec)

    found = only(card(log, spec, _with_safety(look, 1e-6)), "slow_slates").guardrail

    assert found is not None
    assert (found.safety.p_value, found.state) == (1e-6, "safe")
    other = make_spec(metrics=("ctr", replace(SLOW, metric=replace(SLOW.metric, winsorise=0.99))))
    changed = only(card(log, other, _with_safety(look, 1e-6)), "slow_slates").guardrail
    assert changed is not None
    assert changed.safety.p_value != 1e-6


def _with_safety(found: Scorecard, p_value: float) -> Scorecard:
    (comparison,) = found.metric("slow_slates").comparisons
    assert comparison.guardrail is not None
    side = replace(comparison.guardrail.safety, judged=p_value, p_value=p_value)
    guarded = replace(comparison, guardrail=replace(comparison.guardrail, safety=side))
    metrics = (found.metric("ctr"), replace(found.metric("slow_slates"), comparisons=(guarded,)))
    return replace(found, metrics=metrics)


def test_a_segment_is_compared_by_itself_and_all_of_them_by_one_test(
    log: Any, make_spec: MakeSpec
) -> None:
    for device, clickers in (("web", 100), ("app", 60)):
        for variant, more in (("A", 0), ("B", 20 if device == "web" else -20)):
            for i in range(150):
                user = f"{device}{variant}{i}"
                request = log.serve(user, variant, "ab", attributes={"device": device})
                if i < clickers + more:
                    log.click(user, request, "a")

    found = card(log, make_spec(segments=("device",))).metric("clicked")

    assert [(s.value, s.rest, s.values[0].users) for s in found.segments] == [
        ("app", False, 150),
        ("web", False, 150),
    ]
    floors = [s.comparisons[0].floor for s in found.segments]
    assert [floor and floor.reached for floor in floors] == [True, True]
    app = found.segments[0].comparisons[0].results[0]
    assert app.effect == pytest.approx(40 / 60 - 1)
    (difference,) = found.heterogeneity
    assert (difference.attribute, difference.variant, difference.segments) == ("device", "B", 2)
    assert difference.p_value is not None
    assert difference.p_value < 0.001


def test_each_segment_says_how_far_it_is_from_the_floor(log: Any, make_spec: MakeSpec) -> None:
    for device, users in (("web", 150), ("app", 71)):
        for variant in "AB":
            for i in range(users - (variant == "B" and device == "app")):
                user = f"{device}{variant}{i}"
                request = log.serve(user, variant, "ab", attributes={"device": device})
                if i < 60:
                    log.click(user, request, "a")

    segments = card(log, make_spec(segments=("device",))).metric("clicked").segments
    web, app = (segment.comparisons[0].floor for segment in segments)

    assert web is not None
    assert app is not None
    assert (web.reached, web.users) == (True, 150)
    assert (app.reached, app.variant, app.users) == (False, "B", 70)
    assert app.users_needed == 100


def test_values_rarer_than_the_twentieth_are_one_segment(log: Any, make_spec: MakeSpec) -> None:
    for place in range(23):
        for i in range(30 - place):
            log.serve(f"{place}-{i}", "AB"[i % 2], "ab", attributes={"city": f"c{place:02}"})
    log.serve("nobody", "A", "ab", attributes={})

    found = card(log, make_spec(segments=("city",))).metric("ctr")

    assert [s.value for s in found.segments] == [*(f"c{n:02}" for n in range(20)), None]
    assert [s.rest for s in found.segments] == [False] * 20 + [True]
    assert sum(value.users for value in found.segments[-1].values) == 10 + 9 + 8 + 1


def test_nobody_yet_is_no_segment(log: Any, make_spec: MakeSpec) -> None:
    found = card(log, make_spec(segments=("device",))).metric("ctr")

    assert found.segments == ()
    assert [value.users for value in found.values] == [0, 0]


def test_the_pre_period_adjusts_and_both_answers_are_there(log: Any, make_spec: MakeSpec) -> None:
    for variant, bonus in (("A", 0), ("B", 1)):
        for i in range(200):
            user = f"{variant}{i}"
            for k in range(i % 5):
                old = log.serve(user, None, "ab", at=-100 - k, reason="no_experiment", phase=None)
                log.click(user, old, "a", at=-100 - k)
            for k in range(i % 5 + i // 5 % 3 + bonus):
                log.click(user, log.serve(user, variant, "ab", at=k), "a", at=k + 1)
            log.serve(user, variant, "a", at=50)

    spec = make_spec(
        lookback_days=1.0, metrics=("ctr", "clicks_per_user"), cuped=True, goal="clicks_per_user"
    )
    found = card(log, spec)

    comparison = only(found, "clicks_per_user")
    plain = comparison.result("sequential", "absolute")
    adjusted = comparison.result("sequential", "absolute", cuped=True)
    assert plain.effect == pytest.approx(1.0)
    assert adjusted.effect == pytest.approx(1.0)
    expected = compare(clicks(0), clicks(1), Settings(scale="absolute"))
    assert adjusted.std_error == pytest.approx(expected.std_error, abs=1e-9)
    assert plain.std_error == pytest.approx(
        compare(clicks(0).post, clicks(1).post, Settings(scale="absolute")).std_error
    )
    assert (adjusted.std_error or 1) < 0.6 * (plain.std_error or 0)
    balance = found.health[-1]
    assert (balance.name, balance.healthy, balance.p_value) == ("pre_period_balance", True, 1.0)
    assert len(comparison.results) == 2 * 2 * 3
    assert found.cuped


def clicks(bonus: int) -> CupedSample:
    """What the users above add up to."""
    before = [i % 5 for i in range(200)]
    after = [n + i // 5 % 3 + bonus for i, n in enumerate(before)]

    def sample(values: list[int]) -> MeanSample:
        return MeanSample(n=200, total=sum(values), total_squares=sum(v * v for v in values))

    product = sum(a * b for a, b in zip(before, after, strict=True))
    return CupedSample(post=sample(after), pre=sample(before), product=product)


def test_arms_that_differed_before_the_start_are_unhealthy(log: Any, make_spec: MakeSpec) -> None:
    for variant, before in (("A", 1), ("B", 2)):
        for i in range(200):
            user = f"{variant}{i}"
            for k in range(before + i % 2):
                log.serve(user, None, "ab", at=-9 - k, reason="no_experiment", phase=None)
            log.serve(user, variant, "ab")
    goal = Tracked(metric=METRICS["impressions_per_user"], role="goal")

    found = card(log, make_spec(metrics=(goal,), lookback_days=1.0))

    assert found.health[-1].healthy is False
    assert [check.name for check in found.failed_checks] == ["pre_period_balance"]


def test_phases_are_compared_one_by_one_and_shown_together(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=900, clickers=540)
    serve_arm(log, "B", users=100, clickers=60)
    serve_arm(log, "A", users=500, clickers=100, at=301, phase=2)
    serve_arm(log, "B", users=500, clickers=100, at=301, phase=2)
    phases = (
        PhaseSpec(number=1, started_at=START, weights=(0.9, 0.1)),
        PhaseSpec(number=2, started_at=seconds(300), weights=(0.5, 0.5)),
    )

    found = card(log, make_spec(phases=phases))

    assert [(p.number, p.users) for p in found.phases] == [(1, (900, 100)), (2, (500, 500))]
    assert [(arm.users, arm.clicks) for arm in found.arms] == [(1400, 640), (600, 160)]
    assert [check.healthy for check in found.health] == [True] * 4
    comparison = only(found, "ctr")
    controls, treatments = [arm(900, 540), arm(500, 100)], [arm(100, 60), arm(500, 100)]
    expected = compare_phases(controls, treatments, Settings())
    relative = comparison.result("sequential", "relative")
    assert relative.effect == pytest.approx(0.0)
    assert relative.high == pytest.approx(expected.combined.high)
    assert comparison.phase_weights == pytest.approx(list(expected.weights))
    assert (found.phase, found.started_at) == (2, START)


def arm(users: int, clickers: int) -> RatioSample:
    return RatioSample(
        n=users,
        numerator=clickers,
        numerator_squares=clickers,
        denominator=4 * users,
        denominator_squares=16 * users,
        product=4 * clickers,
    )


def test_a_user_is_immature_until_the_window_has_passed(log: Any, make_spec: MakeSpec) -> None:
    window = Window(until_days=100 / DAY)
    early = Metric(key="early", name="Early", kind="mean", numerator=Clicks(), window=window)
    for user, at in (("old", 500), ("new", 500.001)):  # as_of is 600
        log.click(user, log.serve(user, "A", "a", at=at), "a", at=at + 1)

    found = card(log, make_spec(metrics=("ctr", early))).metric("early")

    assert found.immature == (1, 0)
    assert (found.values[0].users, found.values[0].value) == (1, 1.0)


def test_retention_is_coming_back_within_the_day(log: Any, make_spec: MakeSpec) -> None:
    back = Metric(
        key="back",
        name="Back",
        kind="retention",
        numerator=Slates(),
        window=Window(from_days=1, until_days=2),
    )
    for user, later in (("u", 86_400), ("v", 2 * 86_400), ("w", 86_399)):
        log.serve(user, "A", "a")
        log.serve(user, "A", "a", at=later)
    spec = make_spec(metrics=("ctr", back), as_of=START + timedelta(days=3))

    assert card(log, spec).metric("back").values[0].value == pytest.approx(1 / 3)


def test_totals_are_capped_at_the_percentile_of_all_users_and_the_cap_is_shown(
    log: Any, make_spec: MakeSpec
) -> None:
    money = Events(type="purchase", aggregation="sum")
    capped = Metric(key="capped", name="Capped", kind="mean", numerator=money, winsorise=0.75)
    for i, value in enumerate((0, 1.25, 2.5, 1000.0, 3.75)):
        log.serve(f"u{i}", "AB"[i % 2], "a")
        log.event("purchase", f"u{i}", at=5, value=float(value))

    found = card(log, make_spec(metrics=("ctr", capped))).metric("capped")

    assert found.caps == (3.75,)
    assert [v.value for v in found.values] == [pytest.approx((0 + 2.5 + 3.75) / 3), 2.5]


def test_a_metric_may_ask_for_more_users_than_the_floor(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=150, clickers=60)
    serve_arm(log, "B", users=160, clickers=120)
    many = Tracked(metric=replace(METRICS["ctr"], minimum_users=155), role="goal")

    found = card(log, make_spec(metrics=(many,)))

    comparison = only(found, "ctr")
    assert (comparison.reading, comparison.judged) == ("collecting", None)
    assert (comparison.floor.variant, comparison.floor.users_missing) == ("A", 5)
    assert comparison.result("fixed", "relative").reason == "collecting"


def test_every_as_of_time_of_a_chart_is_a_look(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=200, clickers=60)
    serve_arm(log, "B", users=200, clickers=160)
    for i in range(60, 170):
        log.click(f"A1-{i}", log.serve(f"A1-{i}", "A", "abcd", at=400), "b", at=401)

    with_chart = only(card(log, make_spec(series=True)), "ctr")
    without = only(card(log, make_spec()), "ctr")

    assert with_chart.judged is not None
    assert without.judged is not None
    assert with_chart.judged.p_value < without.judged.p_value
    assert with_chart.results == without.results


def test_goals_are_corrected_together(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=200, clickers=80)
    serve_arm(log, "B", users=200, clickers=130)
    goals = tuple(Tracked(metric=METRICS[key], role="goal") for key in ("ctr", "clicked"))

    found = card(log, make_spec(metrics=(*goals, "clicks_per_user")))

    assert found.correction == "holm"
    p_values = sorted(p for k in ("ctr", "clicked") if (p := only(found, k).p_value) is not None)
    smallest = min(only(found, k).adjusted_p_value or 1 for k in ("ctr", "clicked"))
    assert smallest == pytest.approx(2 * p_values[0])
    alone = only(found, "clicks_per_user")
    assert alone.adjusted_p_value == alone.p_value


def test_a_metric_defined_otherwise_takes_over_nothing(log: Any, make_spec: MakeSpec) -> None:
    serve_arm(log, "A", users=200, clickers=80)
    serve_arm(log, "B", users=200, clickers=90)
    extreme = _extreme(card(log, make_spec()))
    other = replace(METRICS["ctr"], winsorise=0.99)
    named = replace(METRICS["ctr"], name="Click-through rate")

    same, changed = (
        only(card(log, make_spec(metrics=(Tracked(metric=m, role="goal"),)), extreme), "ctr")
        for m in (named, other)
    )

    assert same.p_value == 1e-9
    assert changed.p_value != 1e-9


def _extreme(found: Scorecard) -> Scorecard:
    def changed(comparison: VariantComparison) -> VariantComparison:
        assert comparison.judged is not None
        return replace(comparison, judged=replace(comparison.judged, p_value=1e-9))

    ctr = found.metric("ctr")
    return replace(found, metrics=(replace(ctr, comparisons=tuple(map(changed, ctr.comparisons))),))


def test_the_same_log_gives_the_same_bytes(log: Any, make_spec: MakeSpec) -> None:
    for i in range(300):
        user = f"u{i}"
        request = log.serve(user, "AB"[i % 2], "abcd", at=i % 90, attributes={"d": str(i % 3)})
        log.click(user, request, "b", at=i % 90 + 1)
        for k in range(i % 4):
            log.event("purchase", user, at=100 + k, value=0.1 * i + 0.01 * k)
    more = tuple(METRICS[key] for key in ("revenue_per_user", "average_order_value"))
    spec = make_spec(metrics=("ctr", *more), segments=("d",), series=True, lookback_days=1.0)
    shuffled = scorecard(
        log.exposures.order_by(_.user.hash()), log.events.order_by(_.id.hash()), spec
    )

    found = card(log, spec)

    assert encode(found) == encode(shuffled)
    assert decode(encode(found)) == found


def test_a_column_that_is_missing_is_named(log: Any, make_spec: MakeSpec) -> None:
    log.serve("u", "A", "a")
    exposures, events = log.exposures.drop("latency_ms"), log.events.drop("value")

    for key, table, column in (
        ("slow_slates", "exposures", "latency_ms"),
        ("revenue_per_user", "events", "value"),
    ):
        with pytest.raises(MissingColumn) as refusal:
            scorecard(exposures, events, make_spec(metrics=("ctr", key)))
        assert (refusal.value.table, refusal.value.column) == (table, column)
        assert refusal.value.needed_by == key
    with pytest.raises(MissingColumn) as refusal:
        scorecard(exposures.drop("variant"), events, make_spec())
    assert refusal.value.column == "variant"


def test_a_number_of_impressions_stands_for_the_items(log: Any, make_spec: MakeSpec) -> None:
    request = log.serve("u", "A", "abc")
    log.click("u", request, "a")
    log.click("u", request, "a")
    log.click("u", "elsewhere", "a")
    exposures = log.exposures.mutate(impressions=_["items"].length()).drop("items")

    found = scorecard(exposures, log.events, make_spec())

    assert [(a.impressions, a.clicks) for a in found.arms] == [(3, 1), (0, 0)]
