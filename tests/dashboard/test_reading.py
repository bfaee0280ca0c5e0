"""What a scorecard says: the verdict, the health strip, and the rows of the table."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from dashboard.formats import DASH, MINUS
from dashboard.reading import table
from dashboard.reading.arms import ArmView
from dashboard.reading.chart_view import ChartView
from dashboard.reading.clicks import clicks, impressions_note
from dashboard.reading.comparison_row import Progress
from dashboard.reading.curves import curves
from dashboard.reading.health import health
from dashboard.reading.lines import lines
from dashboard.reading.series import exposure_numbers, line_numbers
from dashboard.reading.verdict import sentence, short
from dashboard.reading.writing import writing
from experiments.metrics.guardrails import GuardrailState
from experiments.metrics.results import (
    Check,
    Floor,
    Guardrail,
    LeftOut,
    MetricResult,
    OneSided,
    Overlap,
    Reading,
    Scorecard,
    SetAside,
)
from tests.dashboard.factories import (
    AS_OF,
    BELOW_FLOOR,
    PAST_FLOOR,
    comparison,
    metric,
    ratio_check,
    scorecard,
)


def arms(*keys: str) -> tuple[ArmView, ...]:
    return tuple(
        ArmView(letter="ABCDEF"[n], key=key, recommender=key, version=None, share=0.5, users=5000)
        for n, key in enumerate(keys)
    )


ARMS = arms("popular", "item-knn", "conv-ctr")


def test_better_says_what_to_do_and_by_how_much_at_least() -> None:
    said = sentence(scorecard(), ARMS)

    assert said.title == "Ship item-knn. It lifts CTR by 8.9%, and by at least 4.4%."
    assert said.why == "The always-valid interval, +4.4 to +13.7% against popular, lies above zero."
    assert (said.tone, said.word) == ("better", "Ship")
    assert [(rule.ok, rule.text, rule.figure) for rule in said.rules] == [
        (True, "Arms in the planned ratio", "p = .374"),
        (True, "Every arm past the floor", "100 users each"),
        (True, "Goal told from zero", "p < .0001"),
        (True, "Planned users have come", "10,000 of 5,000"),
    ]
    assert said.rule == "Goal CTR decides."


def test_of_several_arms_the_interval_is_the_corrected_one() -> None:
    best = replace(comparison(p=0.004, adjusted=0.008), confidence=0.975)
    other = comparison("conv-ctr", effect=0.02, low=-0.023, high=0.065, p=0.9, reading="no_call")
    said = sentence(scorecard(best, other), ARMS)

    assert said.title == "Ship item-knn. It lifts CTR by 8.9%, and by at least 4.4%."
    assert said.why.startswith(
        "The always-valid interval, corrected for several comparisons, +4.4 to +13.7% against "
        "popular, lies above zero."
    )


def test_the_other_arms_are_not_forgotten() -> None:
    other = comparison("conv-ctr", effect=0.02, low=-0.023, high=0.065, p=0.9, reading="no_call")

    assert sentence(scorecard(comparison(), other), ARMS).why.endswith(
        "conv-ctr shows +2.0%, which is not yet told from zero."
    )


def test_worse_says_roll_back() -> None:
    worse = comparison(effect=-0.051, low=-0.083, high=-0.019, reading="worse")
    said = sentence(scorecard(worse, state="roll_back"), ARMS)

    assert said.title == "Roll back item-knn. It lowers CTR by 5.1%, and by at least 1.9%."
    assert (said.tone, said.icon, said.word) == ("worse", "back", "Roll back")


def test_when_every_arm_is_worse_the_control_is_kept() -> None:
    worse = comparison(effect=-0.051, low=-0.083, high=-0.019, reading="worse")
    worst = comparison("conv-ctr", effect=-0.2, low=-0.3, high=-0.1, reading="worse")
    said = sentence(scorecard(worse, worst, state="roll_back"), ARMS)

    assert said.title == (
        "Keep popular. Every other arm is worse: item-knn, the best of them, lowers CTR by 5.1%, "
        "and by at least 1.9%."
    )
    assert f"conv-ctr shows {MINUS}20.0%, and is worse." in said.why


def test_a_verdict_of_an_earlier_look_is_said_to_be_one() -> None:
    stood = comparison(effect=0.03, low=-0.001, high=0.061, p=0.013)
    said = sentence(scorecard(stood), ARMS)

    assert said.title == "Ship item-knn. It lifts CTR by 3.0%."
    assert "An earlier look was conclusive (p = .013)" in said.why
    assert "includes zero again" in said.why


def test_while_users_are_planned_it_says_to_keep_running() -> None:
    open_ = comparison(effect=0.018, low=-0.023, high=0.065, p=0.9, reading="no_call")
    said = sentence(scorecard(open_, state="keep_running"), ARMS)

    assert said.title == "Keep it running. item-knn shows +1.8% on CTR."
    assert said.why == f"Its always-valid interval, {MINUS}2.3 to +6.5%, still includes zero."
    assert (said.tone, said.word) == ("flat", "Keep running")


def test_once_the_planned_users_have_come_it_is_inconclusive() -> None:
    open_ = comparison(effect=0.018, low=-0.023, high=0.065, p=0.9, reading="no_call")
    said = sentence(scorecard(open_, state="inconclusive"), ARMS)

    assert said.title == "Inconclusive. item-knn shows +1.8% on CTR."
    assert said.why.endswith("still includes zero. All 5,000 planned users have come.")
    assert said.advice == "Decide by what else you know, or plan a larger experiment."


def test_a_method_of_one_look_waits_for_the_planned_users() -> None:
    card = scorecard(comparison(reading="not_due"), state="keep_running", rule="one_look_not_due")
    said = sentence(replace(card, method="fixed"), ARMS)

    assert said.title == "Keep it running until the planned users have come."
    assert said.why == "Judged once, when all 5,000 planned users have come."


def test_a_rule_without_a_figure_is_said_in_its_own_words() -> None:
    said = sentence(scorecard(state="keep_running", rule="guardrail_unsettled"), ARMS)

    assert said.title == "Keep it running. Nothing can be decided yet."
    assert said.why == "Goal CTR decides."


def test_a_harmed_guardrail_is_named_with_its_harm() -> None:
    harmed = comparison(effect=-0.051, low=-0.083, high=-0.019)
    said = sentence(scorecard(harmed, state="roll_back", rule="guardrail_harmed"), ARMS)

    assert said.title == "Roll back item-knn. It harms CTR: 5.23% against 5.51%."
    assert "at any look" in said.why


def test_collecting_says_what_is_missing() -> None:
    low = comparison(floor=BELOW_FLOOR, reading="collecting")
    said = sentence(scorecard(low, state="collecting"), ARMS)

    assert said.title == "Collecting. item-knn has 71 of 100 users."
    assert said.rules[1].ok is None
    assert said.rules[2].figure == "not yet"


def test_collecting_with_enough_users_says_that_precision_is_missing() -> None:
    floor = msgspec.structs.replace(BELOW_FLOOR, users=140)
    low = comparison(floor=floor, reading="collecting")

    assert sentence(scorecard(low, state="collecting"), ARMS).title == (
        "Collecting. item-knn has 48% of the precision needed."
    )


def test_a_metric_that_nobody_moved_is_not_said_to_be_on_its_way() -> None:
    floor = msgspec.structs.replace(BELOW_FLOOR, users=140, precision=None)
    low = comparison(floor=floor, reading="collecting")

    assert sentence(scorecard(low, state="collecting"), ARMS).title == (
        "Collecting. Every user of item-knn has the same value so far."
    )


def test_unhealthy_names_no_winner() -> None:
    card = scorecard(state="unhealthy", health=(ratio_check(healthy=False, p=0.00002),))
    said = sentence(card, ARMS)

    assert said.title == "Arms are out of ratio, so nothing is judged."
    assert said.why == "popular has 5,400 users where 5,000 were expected."
    assert said.advice.startswith("Look for what loses users")
    assert said.tone == "warn"
    assert "Ship" not in said.title + said.why + said.word


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("ship", "item-knn lifts CTR by 8.9%."),
        ("keep_running", "item-knn shows +8.9%; not yet told from zero."),
        ("unhealthy", "A health check failed, so nothing is judged."),
    ],
)
def test_one_line_for_a_list(state: str, said: str) -> None:
    assert short(scorecard(state=state).decision) == said  # type: ignore[arg-type]


def test_health_shows_every_figure() -> None:
    shown = health(scorecard(), log_lag=6.2)

    assert (shown.word, shown.tone) == ("Healthy", "better")
    assert [(f.title, f.figure) for f in shown.figures] == [
        ("Sample ratio", "p = .374"),
        ("Log", "6 s behind"),
    ]


def test_the_sample_ratio_shows_this_look_and_all_looks() -> None:
    check = replace(ratio_check(healthy=False, p=0.02), sequential_p_value=0.0004)
    card = scorecard(state="unhealthy", health=(check,))

    assert health(card, log_lag=None).figures[0].figure == "p = .020, all looks p = .0004"
    assert [(r.ok, r.figure) for r in sentence(card, ARMS).rules[:1]] == [(False, "p = .0004")]


def test_before_a_chi_square_the_sequential_test_has_its_say() -> None:
    check = replace(ratio_check(healthy=False, p=None), sequential_p_value=0.0004)
    card = scorecard(state="unhealthy", health=(check,))

    assert health(card, log_lag=None).figures[0].figure == "all looks p = .0004"


def shared(experiment: str, share: float, *, healthy: bool | None) -> Overlap:
    return Overlap(
        experiment=experiment,
        users=round(10_000 * share),
        share=share,
        healthy=healthy,
        p_value=0.5,
        adjusted_p_value=0.5,
        reason=None,
    )


@pytest.mark.parametrize(
    ("found", "figure"),
    [
        ((), "nobody shared"),
        ((shared("cart", 0.12041, healthy=True),), "cart shares 12%"),
        (
            (shared("cart", 0.5, healthy=True), shared("search", 0.0612, healthy=False)),
            "search shares 6.1%",
        ),
    ],
)
def test_other_experiments_are_named_the_failing_one_first(
    found: tuple[Overlap, ...], figure: str
) -> None:
    check = Check(
        name="other_experiments", healthy=True, p_value=0.5, reason=None, detail="", figures=()
    )
    card = replace(scorecard(health=(check,)), overlaps=found)

    shown = health(card, log_lag=None).figures[0]
    assert (shown.title, shown.figure) == ("Other experiments", figure)


def test_another_experiment_that_is_mixed_in_says_where_to_look() -> None:
    check = Check(
        name="other_experiments",
        healthy=False,
        p_value=0.0,
        reason=None,
        detail="Arms of cart are not spread alike over the arms here.",
        figures=(),
    )
    said = sentence(scorecard(state="unhealthy", health=(check,)), ARMS)

    assert said.title == "Another experiment is mixed into this one, so nothing is judged."
    assert said.why == "Arms of cart are not spread alike over the arms here."
    assert said.advice.startswith("Look for two experiments that share a seed")


def differing(effect: float, p: float, reading: Reading = "no_call") -> MetricResult:
    return metric(
        "impressions_per_user",
        comparison(effect=effect, p=p, reading=reading),
        name="Impressions per user",
        style="number",
        primary=False,
        control=45.3,
    )


def test_impressions_that_differ_are_a_note_and_no_failure() -> None:
    card = scorecard(extra=(differing(0.032, 0.003, "better"),))

    assert impressions_note(card) == (
        "Impressions per user differ: item-knn +3.2% (p = .003). That moves CTR by itself, so go "
        "by clicks per user too."
    )
    assert health(card, log_lag=None).word == "Healthy"


def test_impressions_that_do_not_differ_need_no_note() -> None:
    assert impressions_note(scorecard(extra=(differing(0.032, 0.06),))) == ""
    assert impressions_note(scorecard()) == ""


def test_a_method_of_one_look_notes_impressions_by_the_always_valid_p() -> None:
    card = replace(scorecard(extra=(differing(0.032, 0.003, "not_due"),)), method="fixed")

    assert "item-knn +3.2% (p = .003)" in impressions_note(card)


def test_nothing_is_noted_of_impressions_while_unhealthy_or_below_the_floor() -> None:
    low = replace(
        differing(0.032, 0.003),
        comparisons=(comparison(effect=0.032, p=0.003, floor=BELOW_FLOOR, reading="collecting"),),
    )
    sick = scorecard(health=(ratio_check(healthy=False),), extra=(differing(0.032, 0.003),))

    assert impressions_note(scorecard(extra=(low,))) == ""
    assert impressions_note(sick) == ""


def test_health_counts_whom_rules_left_out_of_all_that_came() -> None:
    check = Check(
        name="users_left_out",
        healthy=True,
        p_value=0.5,
        reason=None,
        detail="14 of 10,014 users were taken for bots or staff by a rule, alike in all arms; "
        "they are left out.",
        figures=(),
    )
    rules = tuple(
        LeftOut(rule=rule, fingerprint=rule, users=users)
        for rule, users in (("on the list “office”", 2), ("more than 1,000 slates a day", 12))
    )
    card = replace(
        scorecard(health=(check,)),
        set_aside=SetAside(exposures_forced=0, users_in_two_variants=0, left_out=rules),
    )

    shown = health(card, log_lag=None).figures[0]
    assert (shown.title, shown.figure) == ("Bots and staff", "14 of 10,014")


@pytest.mark.parametrize(
    ("lag", "figure", "detail"),
    [
        (None, DASH, "Not measured yet."),
        (0.0, "0 s behind", "All that was recorded is in the log."),
        (
            6.2,
            "6 s behind",
            "Exposures wait to be written to the log; the oldest has waited this long.",
        ),
    ],
)
def test_the_log_says_what_its_figure_is(lag: float | None, figure: str, detail: str) -> None:
    log = health(scorecard(), log_lag=lag).figures[-1]

    assert (log.figure, log.detail) == (figure, detail)


def test_a_check_that_has_too_few_users_is_neither_healthy_nor_not() -> None:
    waiting = scorecard(health=(ratio_check(healthy=None, p=None),))

    assert health(waiting, log_lag=None).word == "Not checked yet"
    assert health(waiting, log_lag=None).figures[0].figure == "too few users yet"


def test_users_in_two_variants_are_counted_against_all() -> None:
    check = Check(
        name="users_in_two_variants",
        healthy=True,
        p_value=0.5,
        reason=None,
        detail="11 of 10,011 users were seen in two variants.",
        figures=(),
    )
    card = msgspec.structs.replace(
        scorecard(health=(check,)),
        set_aside=msgspec.structs.replace(scorecard().set_aside, users_in_two_variants=11),
    )

    assert health(card, log_lag=None).figures[0].figure == "11 of 10,011"


def test_the_goal_comes_first_with_its_rule() -> None:
    second = metric("clicks_per_user", name="Clicks per user", style="number", primary=False)
    other = comparison("conv-ctr")
    goal, secondaries = table.groups(
        scorecard(comparison(), other, extra=(second,)), ARMS, scale="relative"
    )

    assert (goal.title, goal.rule) == ("Goal", "decides. Two comparisons share the 5% error")
    assert secondaries.title == "Secondaries"
    assert [row.arm.letter for row in goal.metrics[0].rows] == ["B", "C"]


def test_a_row_holds_all_its_figures() -> None:
    (goal,) = table.groups(scorecard(), ARMS, scale="relative")
    (row,) = goal.metrics[0].rows

    assert goal.metrics[0].control == "5.51%"
    assert goal.metrics[0].kind == "clicks / impressions"
    assert (row.value, row.lift, row.interval, row.p) == (
        "6.00%",
        "+8.9%",
        "+4.4 to +13.7%",
        "< .0001",
    )
    assert (row.reading.word, row.reading.icon, row.reading.tone) == ("Better", "up", "better")
    assert row.bar is not None
    assert row.bar.tone == "better"


def test_absolute_lifts_are_percentage_points_on_an_even_scale() -> None:
    (goal,) = table.groups(scorecard(), ARMS, scale="absolute")
    (row,) = goal.metrics[0].rows

    assert row.lift == "+0.89 pp"
    assert row.scale.zero == 50
    assert [tick.text for tick in goal.ticks] == [f"{MINUS}1 pp", "0", "+1 pp"]


def test_absolute_lifts_of_several_metrics_have_an_axis_each_in_its_unit() -> None:
    counted = replace(scorecard().metrics[0], metric="clicks_per_user", format="number")
    goals = replace(scorecard(), metrics=(*scorecard().metrics, counted))

    (group,) = table.groups(goals, ARMS, scale="absolute")
    (common,) = table.groups(goals, ARMS, scale="relative")

    assert group.ticks == ()
    assert [[tick.text for tick in metric.ticks] for metric in group.metrics] == [
        [f"{MINUS}1 pp", "0", "+1 pp"],
        [f"{MINUS}0.01", "0", "+0.01"],
    ]
    assert [metric.ticks for metric in common.metrics] == [(), ()]
    assert common.ticks[0].text == "0"


def test_p_is_the_one_the_reading_used() -> None:
    found = comparison(p=0.032, adjusted=0.064, reading="no_call")
    (goal,) = table.groups(scorecard(found, state="keep_running"), ARMS, scale="relative")
    (row,) = goal.metrics[0].rows

    assert row.p == ".064"
    assert row.p_note == "Corrected for the number of comparisons. Alone: p = .032."


def test_below_the_floor_there_is_progress_and_neither_lift_nor_colour() -> None:
    found = comparison(floor=BELOW_FLOOR, reading="collecting")
    (goal,) = table.groups(scorecard(found, state="collecting"), ARMS, scale="relative")
    (row,) = goal.metrics[0].rows

    assert row.progress == Progress(percent=71.0, text="71 of 100 users")
    assert (row.lift, row.interval, row.p, row.bar) == (DASH, DASH, DASH, None)
    assert row.reading.word == "Collecting"
    assert goal.ticks == ()


def guarded(state: GuardrailState) -> MetricResult:
    side = OneSided(p_value=0.03, judged=0.03, bound=0.01, reason=None)
    guardrail = Guardrail(margin=0.05, harm=side, safety=side, state=state)
    found = replace(comparison(), guardrail=guardrail)
    return replace(
        metric("slow_slates", found, name="Slow slates", primary=False), role="guardrail"
    )


@pytest.mark.parametrize(
    ("state", "word", "tone", "ok"),
    [
        ("safe", "Safe", "better", True),
        ("harm_shown", "Harm shown", "worse", False),
        ("safety_not_yet_shown", "Not yet shown safe", "flat", None),
        ("unchanged", "Unchanged", "flat", True),
        ("collecting", "Collecting", "flat", None),
        ("no_answer", "No answer", "flat", None),
    ],
)
def test_a_guardrail_says_harm_and_safety_in_different_words(
    state: GuardrailState, word: str, tone: str, ok: bool | None
) -> None:
    card = scorecard(extra=(guarded(state),))
    group = table.groups(card, ARMS, scale="relative")[-1]
    (row,) = group.metrics[0].rows

    assert (group.title, group.rule) == (
        "Guardrails",
        "must not get worse by more than their margin, the dashed line. p is against it",
    )
    assert (row.reading.word, row.reading.tone) == (word, tone)
    assert row.reading.why == "No worse by 5%: p = .030. Worse at all: p = .030."
    rule = next(rule for rule in sentence(card, ARMS).rules if "Slow" in rule.text)
    assert (rule.ok, rule.figure) == (ok, "margin 5%")
    assert rule.text == f"Slow slates {word.lower()}"


def rare(*, effect: float, harm: float | None, floor: Floor = BELOW_FLOOR) -> Scorecard:
    """A verdict to ship beside slow slates, .09% of control's."""
    side = OneSided(p_value=harm, judged=None, bound=None, reason=None)
    guardrail = Guardrail(margin=0.1, harm=side, safety=side, state="collecting")
    found = replace(
        comparison(effect=effect, floor=floor, reading="collecting"), guardrail=guardrail
    )
    slow = metric("slow_slates", found, name="Slow slates", primary=False, control=0.0009)
    return scorecard(extra=(replace(slow, role="guardrail", direction="decrease"),))


def test_whoever_ships_is_told_of_a_guardrail_too_rare_to_judge_that_looks_much_worse() -> None:
    assert sentence(rare(effect=14.2, harm=0.0005), ARMS).why.endswith(
        "lies above zero. Slow slates is not judged yet, and worth a look: 1.37% against 0.09%."
    )


@pytest.mark.parametrize(
    "card",
    [
        rare(effect=14.2, harm=0.3),
        rare(effect=14.2, harm=None),
        rare(effect=0.9, harm=0.0005),
        rare(effect=-0.9, harm=0.0005),
        rare(effect=14.2, harm=0.0005, floor=PAST_FLOOR),
    ],
    ids=["by chance", "untold", "less than doubled", "better", "judged"],
)
def test_nothing_else_that_is_rare_is_named_beside_a_verdict(card: Scorecard) -> None:
    assert "worth a look" not in sentence(card, ARMS).why


def test_a_guardrail_says_its_margin_and_whether_it_is_only_watched() -> None:
    def notes(metric: MetricResult) -> tuple[str, ...]:
        return table.groups(scorecard(extra=(metric,)), ARMS, scale="relative")[-1].metrics[0].notes

    assert notes(guarded("safe")) == ("margin 5%",)
    assert notes(replace(guarded("safe"), required=False)) == ("margin 5%, only watched",)


def test_a_guardrail_that_is_only_watched_is_no_rule_until_it_shows_harm() -> None:
    watched, harmed = (
        replace(guarded(state), required=False) for state in ("collecting", "harm_shown")
    )

    def named(extra: MetricResult) -> list[str]:
        return [r.text for r in sentence(scorecard(extra=(extra,)), ARMS).rules if "Slow" in r.text]

    assert named(watched) == []
    assert named(harmed) == ["Slow slates harm shown"]


def test_a_bayesian_row_shows_the_chance_to_win() -> None:
    chance = comparison()
    deciding = tuple(
        replace(r, method="bayesian", p_value=None, chance_to_win=0.972) for r in chance.deciding
    )
    chance = replace(chance, deciding=deciding, p_value=None, adjusted_p_value=None)
    card = replace(scorecard(chance), method="bayesian")
    (goal,) = table.groups(card, ARMS, scale="relative")
    (row,) = goal.metrics[0].rows

    assert row.p == "97.2%"
    assert row.bar is not None
    assert (row.bar.core_low, row.bar.core_high) == (row.bar.low, row.bar.high)
    assert ("Goal told from zero", "97.2% chance to win") in [
        (rule.text, rule.figure) for rule in sentence(card, ARMS).rules
    ]


def test_an_unhealthy_experiment_judges_no_row() -> None:
    card = scorecard(state="unhealthy", health=(ratio_check(healthy=False),))
    (goal,) = table.groups(card, ARMS, scale="relative")
    (row,) = goal.metrics[0].rows

    assert row.reading.word == "Not judged"
    assert row.bar is not None
    assert row.bar.tone == "flat"


def test_where_the_clicks_come_from() -> None:
    card = scorecard(
        extra=(
            metric("clicks_per_user", name="Clicks per user", style="number", control=2.5),
            metric(
                "impressions_per_user", name="Impressions per user", style="number", control=45.3
            ),
        )
    )
    rows = clicks(card, ARMS[:2])

    assert (rows[0].clicks_per_user, rows[0].impressions_per_user, rows[0].ctr) == (
        "2.50",
        "45.3",
        "5.51%",
    )
    assert rows[0].ctr_interval == "5.29 to 5.73%"
    assert clicks(scorecard(), ARMS) == ()


def test_the_numbers_behind_the_charts() -> None:
    card = scorecard()
    ctr, view = card.metric("ctr"), ChartView()
    numbers = line_numbers(lines(card, ctr, ARMS[:2], view), writing(ctr, view))

    assert numbers.rows[0].at == AS_OF
    assert numbers.rows[0].cells == ("5.51% (5.29 to 5.73%)", "6.00% (5.76 to 6.24%)")
    assert [row.cells for row in exposure_numbers(card, ARMS[:2]).rows] == [("100", "200")] * 2


def test_a_curve_runs_from_the_first_epoch_to_the_last() -> None:
    (loss,) = curves(
        [{"epoch": 1, "loss": 0.7}, {"epoch": 2, "loss": 0.5}, {"epoch": 3, "loss": 0.3}]
    )

    assert loss.path == "M0 2 L50 20 L100 38"
    assert (loss.name, loss.first, loss.last, loss.epochs) == ("loss", 0.7, 0.3, 3)
    assert curves([{"epoch": 1, "loss": 0.7}]) == []
