"""Charts over time: which lines each view has, what is marked, and how it is drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dashboard import figures
from dashboard.figures.marks import rows_of
from dashboard.formats import DASH, MINUS
from dashboard.reading.below import Happened
from dashboard.reading.chart_view import ChartView, chart_view, choices, each, possible
from dashboard.reading.charts import Chart, metric_chart
from dashboard.reading.lines import Line, lines
from dashboard.reading.marks import Mark, phase_marks, retrain_marks, traffic_marks
from dashboard.reading.writing import writing
from experiments.metrics.results import (
    LiftPoint,
    MetricResult,
    PhaseResult,
    PhaseSeries,
    Scorecard,
    SeriesPoint,
)
from people.models import AuditEntry
from recommenders.models import ModelVersion, Recommender
from tests.dashboard.factories import AS_OF, START, metric, scorecard
from tests.dashboard.plotted import plotted
from tests.dashboard.test_reading import ARMS

DAY_1 = START + timedelta(days=1)
TWO = ARMS[:2]


def point(at: datetime, variant: str, value: float, period: float | None = None) -> SeriesPoint:
    return SeriesPoint(
        as_of=at,
        variant=variant,
        users=100,
        value=value,
        low=value * 0.9,
        high=value * 1.1,
        period=period,
    )


def lift(at: datetime, effect: float, *, judged: bool = True) -> LiftPoint:
    return LiftPoint(as_of=at, variant="item-knn", effect=effect, low=-0.1, high=0.3, judged=judged)


def card() -> Scorecard:
    """Two days: CTR by day 4% and 6% of popular, 5% and 9% of item-knn."""
    series = (
        point(DAY_1, "popular", 0.04, 0.04),
        point(AS_OF, "popular", 0.05, 0.06),
        point(DAY_1, "item-knn", 0.05, 0.05),
        point(AS_OF, "item-knn", 0.07, 0.09),
    )
    lifts = (lift(DAY_1, 0.25, judged=False), lift(AS_OF, 0.4))
    return replace(scorecard(), series={"ctr": series}, lifts={"ctr": lifts})


def phased() -> Scorecard:
    phases = (
        PhaseResult(number=1, started_at=START, weights=(0.9, 0.1), users=(90, 10)),
        PhaseResult(number=2, started_at=DAY_1, weights=(0.4, 0.6), users=(40, 60)),
    )
    first = PhaseSeries(phase=1, points=(point(DAY_1, "popular", 0.04),))
    second = PhaseSeries(
        phase=2, points=(point(AS_OF, "popular", 0.06), point(AS_OF, "item-knn", 0.08))
    )
    return replace(card(), phases=phases, phase=2, phase_series={"ctr": (first, second)})


def values(found: tuple[Line, ...]) -> dict[str, Any]:
    return {line.arm.key: [pytest.approx(dot.value) for dot in line.dots] for line in found}


def shown(found: Scorecard, view: ChartView) -> Any:
    return lines(found, found.metric("ctr"), TWO, view)


def drawn(found: Scorecard, view: ChartView, marks: tuple[Mark, ...] = ()) -> Any:
    ctr = found.metric("ctr")
    return plotted(figures.over_time(shown(found, view), view, writing(ctr, view), marks))


def chart(found: Scorecard, asked: dict[str, str], main: MetricResult | None = None) -> Chart:
    return metric_chart(
        found,
        main or found.metric("ctr"),
        TWO,
        view=chart_view(asked),
        marks=(),
        kept=asked,
    )


def test_cumulative_lines_have_each_day_as_a_dot_beside_them() -> None:
    found = shown(card(), ChartView())

    assert values(found.current) == {"popular": [0.04, 0.05], "item-knn": [0.05, 0.07]}
    assert values(found.periods) == {"popular": [0.04, 0.06], "item-knn": [0.05, 0.09]}
    assert found.earlier == ()


def test_a_day_alone_has_neither_a_past_nor_a_band() -> None:
    view = ChartView(by="period")

    assert values(shown(card(), view).current) == {
        "popular": [0.04, 0.06],
        "item-knn": [0.05, 0.09],
    }
    assert [trace.fill for trace in drawn(card(), view).data] == [None, None]


def test_lifts_are_of_treatments_and_from_the_floor_on() -> None:
    found = shown(card(), ChartView(of="lift"))

    assert values(found.current) == {"item-knn": [0.4]}
    assert values(found.periods) == {"item-knn": [0.25, 0.5]}
    [dot] = found.current[0].dots
    assert (dot.low, dot.high) == (-0.1, 0.3)


def test_the_lift_of_each_day_is_that_days_alone() -> None:
    assert values(shown(card(), ChartView(of="lift", by="period")).current) == {
        "item-knn": [0.25, 0.5]
    }


def test_a_day_under_way_is_left_out_of_single_days() -> None:
    later = AS_OF + timedelta(hours=2)
    begun = replace(
        card(), series={"ctr": (*card().series["ctr"], point(later, "popular", 0.05, 0.9))}
    )
    found = shown(begun, ChartView())

    assert values(found.periods)["popular"] == [0.04, 0.06]
    assert values(found.current)["popular"] == [0.04, 0.05, 0.05]


def test_each_phase_has_its_own_line_and_earlier_ones_are_dotted() -> None:
    found = shown(phased(), ChartView())

    assert values(found.current) == {"popular": [0.06], "item-knn": [0.08]}
    assert values(found.earlier) == {"popular": [0.04]}
    earlier = drawn(phased(), ChartView()).data[0]
    assert (earlier.line.dash, earlier.line.width) == ("1px,3px", 1)


def test_the_table_behind_names_the_phases() -> None:
    numbers = chart(phased(), {}).numbers

    assert numbers is not None
    assert [(row.at, row.note, row.cells) for row in numbers.rows] == [
        (AS_OF, "phase 2", ("6.00% (5.40 to 6.60%)", "8.00% (7.20 to 8.80%)")),
        (DAY_1, "phase 1", ("4.00% (3.60 to 4.40%)", DASH)),
    ]


def test_the_table_behind_lifts_has_the_treatments_alone() -> None:
    numbers = chart(card(), {"chart": "lift"}).numbers

    assert numbers is not None
    assert [arm.key for arm in numbers.arms] == ["item-knn"]
    assert numbers.rows[0].cells == (f"+40.0% ({MINUS}10.0 to +30.0%)",)


def test_zero_is_always_in_the_picture_of_lifts() -> None:
    found = replace(card(), lifts={"ctr": (replace(lift(AS_OF, 0.4), low=0.2, high=0.6),)})
    axis = drawn(found, ChartView(of="lift")).layout.yaxis

    assert axis.range[0] < 0 < axis.range[1]
    assert axis.zeroline is True


def test_before_the_floor_there_is_no_lift_to_draw() -> None:
    early = replace(card(), lifts={"ctr": (lift(AS_OF, 0.4, judged=False),)})
    found = chart(early, {"chart": "lift"})

    assert found.figure is None
    assert found.empty == "The line appears once every arm has enough users to be judged."


def test_the_links_keep_what_else_the_address_says() -> None:
    asked = {"scale": "absolute", "chart": "lift", "segment": "a&b"}

    of, by = choices(chart_view(asked), card(), card().metric("ctr"), asked)

    assert [(c.text, c.href, c.current) for c in of] == [
        ("CTR", "?scale=absolute&chart=value&segment=a%26b", False),
        ("Lift", "?scale=absolute&chart=lift&segment=a%26b", True),
    ]
    assert [(c.text, c.current) for c in by] == [("Cumulative", True), ("Daily", False)]


def test_a_metric_without_single_days_has_no_such_view() -> None:
    plain = scorecard()
    asked = {"by": "period"}

    assert possible(chart_view(asked), plain, plain.metric("ctr")) == ChartView()
    assert len(chart(plain, asked).choices) == 1
    assert (
        chart(plain, asked).line == "Cumulative. The band is each arm's own interval for one look"
    )


def test_an_address_that_means_nothing_is_the_default() -> None:
    assert chart_view({"chart": "pie", "by": "moon"}) == ChartView()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(86400, "Daily"), (3600, "Hourly"), (300, "Per 5 min"), (60, "Each minute")],
)
def test_a_period_has_a_name(seconds: int, said: str) -> None:
    assert each(seconds) == said


def test_a_metric_that_was_not_kept_over_time_has_an_empty_chart() -> None:
    other = metric("clicks_per_user", primary=False)

    assert chart(card(), {}, other).figure is None


# -- marks -------------------------------------------------------------------------------------


def version(key: str, number: int = 2) -> ModelVersion:
    return ModelVersion(recommender=Recommender(key=key), number=number)


def entry(
    verb: str, before: dict[str, Any], after: dict[str, Any], hours: float = 30
) -> AuditEntry:
    at = START + timedelta(hours=hours)
    return AuditEntry(pk=1, at=at, verb=verb, before=before, after=after)


def test_phases_are_marked_with_their_weights() -> None:
    assert phase_marks(phased()) == (
        Mark(kind="phase", at=DAY_1, text="phase 2: 40 / 60", short="phase 2"),
    )


def test_a_retrain_names_the_arms_that_serve_the_recommender() -> None:
    at = START + timedelta(hours=10)
    found = retrain_marks(card(), TWO, [(at, version("item-knn")), (at, version("elsewhere"))])

    assert found == (Mark(kind="retrain", at=at, text="B retrained", short="B"),)


def test_retrains_close_to_each_other_are_one_mark() -> None:
    times = [START + timedelta(hours=h) for h in (10, 10.5, 11, 30)]
    keys = ["item-knn", "popular", "item-knn", "popular"]
    versions = [(at, version(key)) for at, key in zip(times, keys, strict=True)]

    assert [mark.text for mark in retrain_marks(card(), TWO, versions)] == [
        "A, B retrained",
        "A retrained",
    ]


def test_what_was_before_the_start_or_after_the_snapshot_is_not_marked() -> None:
    versions = [(START, version("item-knn")), (AS_OF + timedelta(1), version("item-knn"))]

    assert retrain_marks(card(), TWO, versions) == ()
    assert traffic_marks(card(), [entry("pause", {}, {"status": "paused"}, hours=-1)]) == ()


@pytest.mark.parametrize(
    ("verb", "before", "after", "said"),
    [
        ("advance ramp", {"traffic": "0.5000"}, {"traffic": "1.0000"}, ["ramp 50 to 100%"]),
        ("change traffic", {"traffic": "0.5000"}, {"traffic": "0.2500"}, ["traffic 50 to 25%"]),
        ("advance ramp", {"traffic": "0.5000"}, {"traffic": "0.5000"}, []),
        ("pause", {"status": "running"}, {"status": "paused"}, ["paused"]),
        ("resume", {"status": "paused"}, {"status": "running"}, ["resumed"]),
        ("roll back ramp", {"status": "running"}, {"status": "paused"}, ["paused"]),
        ("set ramp", {}, {"traffic": "0.2000"}, []),
    ],
)
def test_changes_of_traffic_are_marked(
    verb: str, before: dict[str, Any], after: dict[str, Any], said: list[str]
) -> None:
    assert [mark.text for mark in traffic_marks(card(), [entry(verb, before, after)])] == said


def test_phase_changes_are_solid_and_the_rest_dashed_with_words_on_top() -> None:
    retrained = [(START + timedelta(hours=30), version("item-knn"))]
    marks = Happened(versions=retrained).on_metric(phased(), TWO)
    layout = drawn(phased(), ChartView(), marks).layout

    assert [rule.line.dash for rule in layout.shapes] == [None, "3px,3px"]
    assert [rule.x0 for rule in layout.shapes] == [mark.at.isoformat() for mark in marks]
    assert [note.text for note in layout.annotations[-2:]] == ["phase 2: 40 / 60", "B retrained"]
    assert layout.meta["short_labels"][-2:] == ["phase 2", "B"]
    assert len(layout.meta["short_labels"]) == len(layout.annotations)
    assert layout.margin.t > 16


def test_words_that_would_meet_stand_above_each_other_and_what_has_no_room_is_left_out() -> None:
    span = (START, AS_OF)
    at = START + timedelta(days=1)
    marks = [
        Mark(kind="retrain", at=at + timedelta(minutes=n), text="B retrained", short="B")
        for n in range(5)
    ]

    assert rows_of(marks, span) == [0, 1, 2, None, None]
    apart = [replace_at(marks[0], at - timedelta(hours=20)), marks[1]]
    assert rows_of(apart, span) == [0, 0]


def replace_at(mark: Mark, at: datetime) -> Mark:
    return Mark(kind=mark.kind, at=at, text=mark.text, short=mark.short)
