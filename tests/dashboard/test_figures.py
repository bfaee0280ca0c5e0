"""The charts, trace by trace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dashboard import figures
from dashboard.figures.drawing import Figure
from dashboard.figures.style import spread
from dashboard.reading.chart_view import ChartView
from dashboard.reading.lines import lines
from dashboard.reading.marks import Mark
from dashboard.reading.writing import writing
from experiments.metrics.results import ExposurePoint, Scorecard
from tests.dashboard.factories import AS_OF, START, scorecard
from tests.dashboard.plotted import plotted
from tests.dashboard.test_reading import ARMS

DAY_1 = (START + timedelta(days=1)).isoformat()
DAY_2 = AS_OF.isoformat()


def over_time(card: Scorecard) -> Any:
    return plotted(drawn(card))


def drawn(
    card: Scorecard, view: ChartView | None = None, marks: Sequence[Mark] = ()
) -> Figure | None:
    shown, ctr = view or ChartView(), card.metric("ctr")
    found = lines(card, ctr, ARMS[:2], shown)
    return figures.over_time(found, shown, writing(ctr, shown), marks)


def exposures(card: Scorecard) -> Any:
    return plotted(figures.exposures_against_plan(card, ARMS[:2]))


def test_each_arm_has_a_band_and_a_line_in_its_own_colour() -> None:
    figure = over_time(scorecard())

    assert len(figure.data) == 6
    high, low = figure.data[2:4]
    line = figure.data[5]
    assert list(line.x) == [DAY_1, DAY_2]
    assert list(line.y) == pytest.approx([0.0600039, 0.0600039])
    assert list(high.y) == pytest.approx([0.0624041] * 2, abs=1e-6)
    assert list(low.y) == pytest.approx([0.0576037] * 2, abs=1e-6)
    assert line.line.color == "var(--arm-b)"
    assert low.fill == "tonexty"
    assert low.fillcolor == "var(--arm-b-band)"
    assert line.name == "B item-knn"
    assert line.text[1] == "6.00% (5.76 to 6.24%)"


def test_lines_are_labelled_at_their_ends_instead_of_by_a_legend() -> None:
    figure = over_time(scorecard())

    assert [note.text for note in figure.layout.annotations] == [
        "A popular 5.51%",
        "B item-knn 6.00%",
    ]
    assert figure.layout.meta["short_labels"] == ["A 5.51%", "B 6.00%"]
    assert figure.layout.showlegend is False
    assert figure.layout.annotations[1].font.color == "var(--arm-b-text)"


def test_the_scale_follows_the_settled_part() -> None:
    card = scorecard()
    wild = msgspec.structs.replace(
        card.series["ctr"][0], as_of=START + timedelta(minutes=1), value=0.9, low=0.1, high=1.0
    )
    low, high = over_time(
        msgspec.structs.replace(card, series={"ctr": (wild, *card.series["ctr"])})
    ).layout.yaxis.range

    assert high < 0.1
    assert low > 0


def test_without_values_there_is_no_chart() -> None:
    empty = msgspec.structs.replace(scorecard(), series={"ctr": ()}, exposures=())

    assert drawn(empty) is None
    assert figures.exposures_against_plan(empty, ARMS) is None


def test_a_single_look_is_drawn_as_a_dot() -> None:
    card = scorecard()
    one = tuple(point for point in card.series["ctr"] if point.as_of == AS_OF)
    figure = over_time(msgspec.structs.replace(card, series={"ctr": one}))

    assert figure.data[-1].mode == "markers"


def test_new_users_stand_against_the_planned_share() -> None:
    figure = exposures(scorecard())
    plan, seen = figure.data[2:]

    assert list(seen.y) == [200, 200]
    assert list(plan.y) == [150.0, 150.0]
    assert plan.line.dash == "4px,3px"
    assert seen.text[0] == "200 of 150 planned"
    assert [note.text for note in figure.layout.annotations] == ["A", "B"]


def test_the_plan_of_a_period_is_that_of_its_phases() -> None:
    card = scorecard()
    points = tuple(
        msgspec.structs.replace(point, planned=hoped)
        for point, hoped in zip(card.exposures, (80.0, 0.0, 120.0, 300.0), strict=True)
    )

    plan = [
        t for t in exposures(msgspec.structs.replace(card, exposures=points)).data if t.line.dash
    ]

    assert [list(trace.y) for trace in plan] == [[80.0, 0.0], [120.0, 300.0]]


def test_a_period_under_way_is_left_out_of_the_exposures() -> None:
    card = scorecard()
    begun = tuple(
        ExposurePoint(as_of=AS_OF + timedelta(hours=1), variant=arm.variant, new_users=1, users=201)
        for arm in card.arms
    )
    figure = exposures(msgspec.structs.replace(card, exposures=card.exposures + begun))

    assert list(figure.data[1].x) == [DAY_1, DAY_2]


def test_ticks_closer_than_a_minute_show_their_seconds() -> None:
    stops = over_time(scorecard()).layout.xaxis.tickformatstops

    assert [(stop.dtickrange, stop.value) for stop in stops] == [
        ((None, 59_999), "%H:%M:%S\n%-d %b"),
        ((60_000, 86_399_999), "%H:%M\n%-d %b"),
        ((86_400_000, None), "%-d %b"),
    ]


def test_no_colour_is_written_into_a_figure() -> None:
    card = scorecard()
    for figure in (drawn(card), figures.exposures_against_plan(card, ARMS[:2])):
        written = json.dumps(figure)
        assert "#" not in written
        assert "var(--surface)" in written


@pytest.mark.parametrize(
    ("places", "apart"),
    [
        ([0.0, 10.0], [0.0, 10.0]),
        ([1.0, 1.0], [0.5, 1.5]),
        ([3.0, 2.9, 1.0], [3.45, 2.45, 1.0]),
        ([0.0, 0.9, 1.8], [-0.1, 0.9, 1.9]),
        ([], []),
    ],
)
def test_labels_keep_their_order_and_never_overlap(places: list[float], apart: list[float]) -> None:
    assert spread(places, 1.0) == pytest.approx(apart)


def test_labels_of_lines_that_end_at_the_axis_stack_above_it() -> None:
    assert spread([0.0, 0.0, 5.0, 0.1], 1.0, least=0.5) == [0.5, 1.5, 5.0, 2.5]
