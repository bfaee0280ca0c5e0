"""Lines over time: each period alone, and each phase by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from experiments.metrics import Metric, PhaseSpec, Scorecard, ScorecardSpec, scorecard
from experiments.metrics.measures import Clicks, Window
from tests.experiments.metrics.conftest import START, seconds

MakeSpec = Callable[..., ScorecardSpec]

DAY = 86_400
EARLY = Metric(
    key="early",
    name="Early clicks",
    kind="mean",
    numerator=Clicks(),
    window=Window(until_days=20 / DAY),
)


def card(log: Any, spec: ScorecardSpec) -> Scorecard:
    return scorecard(log.exposures, log.events, spec)


def periods(found: Scorecard, key: str, variant: str = "A") -> list[float | None]:
    return [point.period for point in found.series[key] if point.variant == variant]


def visit(log: Any, user: str, arm: str, items: str, clicked: str, at: float, **more: Any) -> None:
    request = log.serve(user, arm, items, at=at, **more)
    for item in clicked:
        log.click(user, request, item, at=at)


def test_a_ratio_of_each_period_is_of_what_happened_in_it(log: Any, make_spec: MakeSpec) -> None:
    visit(log, "u", "A", "abcd", "a", at=1)
    visit(log, "u", "A", "ab", "ab", at=12)  # the same user again
    visit(log, "v", "A", "ab", "", at=13)

    found = card(log, make_spec(series=True, as_of=seconds(40)))

    assert periods(found, "ctr") == [0.25, 0.5, None, None]
    values = [point.value for point in found.series["ctr"] if point.variant == "A"]
    assert values == [0.25, 0.375, 0.375, 0.375]


def test_a_user_counts_once_so_a_mean_has_no_periods(log: Any, make_spec: MakeSpec) -> None:
    visit(log, "u", "A", "ab", "a", at=1)

    found = card(log, make_spec(series=True, as_of=seconds(30)))

    assert set(periods(found, "clicks_per_user")) == {None}
    assert set(periods(found, "clicked")) == {None}


def test_with_a_window_a_period_holds_the_users_whose_window_passed(
    log: Any, make_spec: MakeSpec
) -> None:
    visit(log, "u", "A", "abcd", "abc", at=1)
    visit(log, "v", "A", "ab", "a", at=2)
    visit(log, "w", "A", "ab", "", at=15)

    found = card(log, make_spec(series=True, as_of=seconds(40), metrics=("ctr", EARLY)))

    assert periods(found, "early") == [None, None, 2.0, 0.0]


def test_every_metric_has_lines_over_time(log: Any, make_spec: MakeSpec) -> None:
    visit(log, "u", "A", "ab", "a", at=1)

    found = card(log, make_spec(series=True))

    assert set(found.series) == set(found.lifts) == {m.metric for m in found.metrics}


def test_each_phase_has_a_line_of_its_own(log: Any, make_spec: MakeSpec) -> None:
    phases = (
        PhaseSpec(number=1, started_at=START, weights=(0.9, 0.1)),
        PhaseSpec(number=2, started_at=seconds(25), weights=(0.5, 0.5)),
    )
    visit(log, "u", "A", "ab", "a", at=1, phase=1)
    visit(log, "v", "A", "abcd", "a", at=28, phase=2)
    visit(log, "v", "A", "abcd", "a", at=45, phase=2)

    found = card(log, make_spec(phases=phases, series=True, as_of=seconds(60)))
    first, second = found.phase_series["ctr"]

    def line(points: Any) -> list[tuple[float, float | None]]:
        return [
            ((p.as_of - START) / timedelta(seconds=1), p.value) for p in points if p.variant == "A"
        ]

    assert (first.phase, second.phase) == (1, 2)
    assert line(first.points) == [(10, 0.5), (20, 0.5), (30, 0.5)]
    assert line(second.points) == [(30, 0.25), (40, 0.25), (50, 0.25), (60, 0.25)]


def test_of_a_single_phase_the_series_are_all_there_is(log: Any, make_spec: MakeSpec) -> None:
    visit(log, "u", "A", "ab", "a", at=1)

    assert card(log, make_spec(series=True)).phase_series == {}
