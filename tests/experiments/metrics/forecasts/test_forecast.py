"""Answers before an experiment, from baselines written down by hand."""

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from experiments.metrics import METRICS, Metric
from experiments.metrics.exceptions import UnknownMetric
from experiments.metrics.forecasts import (
    Baseline,
    Forecast,
    Measured,
    Terms,
    forecast,
    forecast_around,
    safe_by,
)
from experiments.stats import ProportionSample, Settings
from experiments.stats.exceptions import SettingsError
from experiments.stats.planning import Design, minimum_detectable_effect, sample_size
from tests.experiments.metrics.conftest import START

STEADY = (1_000,) * 14
CLICKED = {"n": 10_000.0, "successes": 1_000.0}
YES_OR_NO = {"n": 10_000.0, "total": 1_000.0, "total_squares": 1_000.0}
CORRELATED = {"post": YES_OR_NO, "pre": YES_OR_NO, "product": 640.0}  # rho .6
RHO_LEFT = 1 - 0.6**2


def of(
    metric: Metric = METRICS["clicked"],
    sums: Any = CLICKED,
    cuped: Any = None,
    *,
    covered: float = 14.0,
    new_users: tuple[int, ...] = STEADY,
) -> Baseline:
    return Baseline(
        placement="home",
        since=START,
        until=START + timedelta(days=14),
        users=14_000,
        new_users=new_users,
        lookback_days=14.0 if cuped else 0.0,
        lookback_covered=covered if cuped else 0.0,
        measured=(Measured(metric=metric, sums=sums, cuped_sums=cuped),),
    )


def design(method: Any = "sequential", left: float = 1.0, **changes: Any) -> Design:
    settings = Settings(method=method)
    return Design(
        baseline=ProportionSample(10_000, 1_000), settings=settings, variance_factor=left, **changes
    )


@pytest.mark.parametrize("method", ["sequential", "fixed"])
@pytest.mark.parametrize("cuped", [False, True])
def test_a_lift_takes_the_users_of_the_calculator_and_the_days_they_need(
    method: Any, cuped: bool
) -> None:
    found = forecast(of(cuped=CORRELATED), "clicked", lift=0.1).outlook(method, cuped=cuped)

    expected: Any = sample_size(design(method, RHO_LEFT if cuped else 1.0), 0.1)
    assert found.users == expected.users
    assert found.tuning == expected.tuning
    assert found.days == found.soonest == np.ceil(expected.users / 1_000)
    assert (found.lift, found.extrapolated) == (0.1, expected.users > 14_000)
    assert (found.reason, found.days_reason) == (None, None)


def test_cuped_takes_the_share_of_users_that_it_leaves_of_the_variance() -> None:
    found = forecast(of(cuped=CORRELATED), "clicked", lift=0.1)

    plain, less = (found.outlook("fixed", cuped=cuped).users for cuped in (False, True))

    assert plain is not None
    assert less is not None
    assert less / plain == pytest.approx(RHO_LEFT, rel=1e-3)


@pytest.mark.parametrize("method", ["sequential", "fixed"])
def test_a_guardrail_is_safe_when_a_change_of_nothing_is_shown_to_lose_less_than_its_margin(
    method: Any,
) -> None:
    found = safe_by(of(), "clicked", margin=0.1, method=method)

    settings = Settings(method=method, alternative="greater", margin=0.1)
    expected: Any = sample_size(
        Design(baseline=ProportionSample(10_000, 1_000), settings=settings, comparisons=1), 0.0
    )
    assert found.users == expected.users
    assert found.days == np.ceil(expected.users / 1_000)


def test_of_a_metric_that_shall_fall_the_margin_is_a_rise() -> None:
    falls = msgspec.structs.replace(METRICS["clicked"], direction="decrease")

    found = safe_by(
        of(falls), "clicked", Terms(weights=(1.0, 1.0, 1.0)), margin=0.1, method="fixed"
    )

    settings = Settings(method="fixed", alternative="less", margin=0.1)
    thirds = Design(
        baseline=ProportionSample(10_000, 1_000),
        settings=settings,
        weights=(1.0, 1.0, 1.0),
        comparisons=1,
    )
    assert found.users == sample_size(thirds, 0.0).users


def test_a_guardrail_on_which_all_are_alike_has_a_reason_and_no_day() -> None:
    found = safe_by(
        of(sums={"n": 10_000.0, "successes": 0.0}), "clicked", margin=0.1, method="fixed"
    )

    assert (found.users, found.days, found.reason) == (None, None, "zero_variance")


def test_days_are_answered_by_the_lift_that_their_users_find() -> None:
    found = forecast(of(), "clicked", days=21).outlook("fixed", cuped=False)

    expected: Any = minimum_detectable_effect(design("fixed"), 21_000)
    assert found.lift == expected.effect
    assert (found.users, found.days, found.extrapolated) == (21_000, 21, True)


def test_users_are_answered_by_the_lift_they_find_and_the_days_they_take() -> None:
    found = forecast(of(), "clicked", users=6_500).outlook("sequential", cuped=False)

    expected: Any = minimum_detectable_effect(design(), 6_500)
    assert found.lift == expected.effect
    assert (found.users, found.tuning, found.days) == (6_500, 6_500, 7)


def test_a_lift_and_its_days_answer_each_other() -> None:
    by_lift = forecast(of(), "clicked", lift=0.15).outlook("sequential", cuped=False)
    again = forecast(of(), "clicked", days=by_lift.days).outlook("sequential", cuped=False)
    before = forecast(of(), "clicked", days=(by_lift.days or 0) - 1).outlook(
        "sequential", cuped=False
    )

    assert again.lift is not None
    assert before.lift is not None
    assert again.lift <= 0.15 < before.lift


def test_a_share_of_traffic_brings_a_share_of_the_users() -> None:
    whole = forecast(of(), "clicked", lift=0.1).outlook("fixed", cuped=False)
    half = forecast(of(), "clicked", Terms(traffic=0.5), lift=0.1).outlook("fixed", cuped=False)

    assert half.users == whole.users
    assert half.days == np.ceil((whole.users or 0) / 500)


def test_arms_of_different_weights_are_planned_for_the_smallest() -> None:
    found = forecast(of(), "clicked", Terms(weights=(80, 10, 10)), lift=0.2)

    expected: Any = sample_size(design("fixed", weights=(0.8, 0.1, 0.1)), 0.2)
    assert found.outlook("fixed", cuped=False).users == expected.users
    assert found.outlook("fixed", cuped=False).tuning == expected.tuning < expected.users


def test_what_is_corrected_over_can_be_said() -> None:
    four = Terms(comparisons=4)

    found = forecast(of(), "clicked", four, lift=0.2)

    expected: Any = sample_size(design("fixed", comparisons=4), 0.2)
    assert found.outlook("fixed", cuped=False).users == expected.users
    assert four.level == pytest.approx(0.9875)
    assert Terms(weights=(80, 10, 10)).level == pytest.approx(0.975)


def test_a_window_is_added_to_the_days_and_taken_from_them() -> None:
    retained = METRICS["retention_day_7"]  # its window ends eight days after first exposure

    by_lift, plain = (
        forecast(of(m), m.key, lift=0.1).outlook("fixed", cuped=False)
        for m in (retained, METRICS["clicked"])
    )
    by_days = forecast(of(retained), retained.key, days=15).outlook("fixed", cuped=False)
    too_soon = forecast(of(retained), retained.key, days=8).outlook("fixed", cuped=False)

    assert plain.days is not None
    assert (by_lift.users, by_lift.days) == (plain.users, plain.days + 8)
    assert by_days.users == 7_000
    assert (too_soon.lift, too_soon.reason) == (None, "window_not_passed")


def test_without_anything_before_the_time_there_is_no_cuped() -> None:
    for asked in ({"lift": 0.1}, {"days": 14}, {"users": 9_000}):
        young = forecast(of(cuped=CORRELATED, covered=0.0), "clicked", **asked)
        found = young.outlook("fixed", cuped=True)
        assert found.reason == "no_pre_period"
        assert forecast(of(), "clicked", **asked).outlooks == tuple(
            o for o in young.outlooks if not o.cuped
        )


def test_a_pre_period_that_tells_everything_leaves_only_the_floor() -> None:
    same = {"post": YES_OR_NO, "pre": YES_OR_NO, "product": 1_000.0}

    found = forecast(of(cuped=same), "clicked", lift=0.1).outlook("fixed", cuped=True)

    assert found.users == 451  # 2 * 25 * .9 / .1, and the first whole user past it


def test_where_there_is_no_answer_there_is_a_reason() -> None:
    nobody = forecast(of(sums={"n": 100.0, "successes": 0.0}), "clicked", lift=0.1)
    certain = forecast(of(sums={"n": 100.0, "successes": 90.0}), "clicked", lift=0.2)
    few = forecast(of(new_users=(1, 0, 0, 1)), "clicked", days=2)
    young = forecast(of(new_users=()), "clicked", lift=0.1)
    far = forecast(of(), "clicked", lift=0.005)

    assert [o.reason for o in nobody.outlooks] == ["zero_variance"] * 2
    assert [o.reason for o in certain.outlooks] == ["impossible_effect"] * 2
    assert [o.reason for o in few.outlooks] == ["nobody_yet"] * 2
    assert [(o.days, o.days_reason) for o in young.outlooks] == [(None, "too_few_days")] * 2
    assert all(o.users for o in young.outlooks)
    assert far.outlook("sequential", cuped=False).days_reason == "unreachable_users"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "lift or days, or users: give just one of them"),
        ({"lift": 0.1, "days": 7}, "lift or days, or users: give just one of them"),
        ({"lift": 0.0}, "lift must be above -100% and not 0, not 0"),
        ({"lift": -1.0}, "lift must be above -100% and not 0, not -1"),
        ({"lift": float("nan")}, "lift must be above -100% and not 0, not nan"),
        ({"days": 0}, "days must be 1 to 365, not 0"),
        ({"days": 366}, "days must be 1 to 365, not 366"),
        ({"users": 0}, "users must be 1 or more, not 0"),
    ],
)
def test_a_question_without_sense_is_refused(asked: Any, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        forecast(of(), "clicked", **asked)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"traffic": 0.0}, "traffic"),
        ({"traffic": 1.5}, "traffic"),
        ({"weights": (1.0,)}, "weights"),
        ({"weights": (1.0, 0.0)}, "weights"),
        ({"confidence": 0.4}, "confidence"),
        ({"power": 0.01}, "power"),
    ],
)
def test_terms_out_of_range_are_refused_by_the_field(terms: Any, field: str) -> None:
    with pytest.raises(SettingsError) as refused:
        forecast(of(), "clicked", Terms(**terms), lift=0.1)
    assert refused.value.field == field


def test_a_metric_that_was_not_counted_is_refused() -> None:
    with pytest.raises(UnknownMetric, match="Known: clicked"):
        forecast(of(), "ctr", lift=0.1)


def test_a_forecast_says_what_it_rests_on_and_survives_json() -> None:
    found = forecast(of(cuped=CORRELATED), "clicked", lift=0.1)

    assert (found.metric, found.asked, found.counted.value) == ("clicked", "lift", 0.1)
    assert (found.counted.users, found.counted.days) == (10_000, 14.0)
    assert [(o.method, o.cuped) for o in found.outlooks] == [
        ("sequential", False),
        ("sequential", True),
        ("fixed", False),
        ("fixed", True),
    ]
    assert msgspec.json.decode(msgspec.json.encode(found), type=Forecast) == found


def test_curves_run_about_the_lift_and_hold_what_each_lift_takes_alone() -> None:
    baseline = of(cuped=CORRELATED)

    found, curves = forecast_around(baseline, "clicked", lift=0.1, times=(3.0,))

    assert found == forecast(baseline, "clicked", lift=0.1)
    assert [(c.method, c.cuped) for c in curves] == [(o.method, o.cuped) for o in found.outlooks]
    lifts = [point.lift or 0.0 for point in curves[0].points]
    assert lifts == sorted(lifts)
    assert lifts[0] == 0.025
    assert lifts[-1] == pytest.approx(0.8)
    for lift in (0.025, 0.05, 0.1 * 3.0):
        alone = forecast(baseline, "clicked", lift=lift)
        assert tuple(curve.at(lift) for curve in curves) == alone.outlooks


def test_curves_of_a_fall_are_of_falls_that_can_be() -> None:
    _, curves = forecast_around(of(), "clicked", lift=-0.3)

    lifts = [point.lift or 0.0 for point in curves[0].points]
    assert -0.3 in lifts
    assert all(-1 < lift < 0 for lift in lifts)


def test_curves_say_like_the_forecast_why_there_is_no_answer() -> None:
    _, curves = forecast_around(of(cuped=CORRELATED, covered=0.0), "clicked", lift=0.1)

    assert {p.reason for c in curves if c.cuped for p in c.points} == {"no_pre_period"}
    with pytest.raises(SettingsError, match="lift must be above -100%"):
        forecast_around(of(), "clicked", lift=0.0)
