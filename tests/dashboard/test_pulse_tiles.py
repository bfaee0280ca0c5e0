"""The four figures of routing, and the line of their last day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dashboard.formats import DASH
from dashboard.reading.pulse_tiles import BIN, BINS, Minute, sparkline, tiles

NOW = datetime(2026, 11, 12, 8, tzinfo=UTC)


def minute(ago: timedelta, **figures: float | None) -> Minute:
    usual = {"requests_per_minute": 100.0, "p95_ms": 14.0, "fallback_share": 0.0}
    return Minute(at=NOW - ago, **({"log_lag_seconds": 6.0} | usual | figures))  # type: ignore[arg-type]


def said(*minutes: Minute) -> list[tuple[str, str, str]]:
    return [(t.figure, t.unit, t.more) for t in tiles(minutes, now=NOW, deadline_ms=100)]


def test_figures_are_of_now_and_the_rest_of_the_day() -> None:
    newest = minute(timedelta(seconds=15), requests_per_minute=418.4, log_lag_seconds=5.6)
    busy = minute(
        timedelta(hours=3), requests_per_minute=742, fallback_share=0.02, log_lag_seconds=75
    )
    quiet = minute(timedelta(hours=9), requests_per_minute=0, p95_ms=None, fallback_share=None)

    assert said(newest, busy, quiet) == [
        ("418", "a minute", "0 to 742 in 24 hours"),
        ("0.0%", "of slates", "1.3% in 24 hours"),  # 14.84 of 1,160.4
        ("14", "ms", "a model has 100 ms"),
        ("6", "s", "at most 1 min in 24 hours"),
    ]


def test_what_is_old_is_no_figure_of_now() -> None:
    assert [figure for figure, *_ in said(minute(timedelta(minutes=3)))] == [DASH] * 4


def test_before_the_first_pulse_nothing_is_made_up() -> None:
    assert said() == [
        (DASH, "a minute", "Not measured yet"),
        (DASH, "of slates", "Nothing was served"),
        (DASH, "ms", "a model has 100 ms"),
        (DASH, "", "Not measured yet"),
    ]
    assert all(not t.line.stretches for t in tiles([], now=NOW, deadline_ms=100))


def test_a_line_goes_from_nothing_to_its_largest_value() -> None:
    line = sparkline([0.0, 5.0, 10.0])

    assert line.stretches == ("0,29 56,16 112,3",)
    assert line.last == (112.0, 3.0)


def test_a_gap_breaks_the_line_and_the_last_point_is_of_now_only() -> None:
    line = sparkline([1.0, None, 1.0, 1.0, None])

    assert line.stretches == ("0,3", "56,3 84,3")
    assert line.last is None


def test_one_point_alone_is_no_line() -> None:
    assert not sparkline([None, None, 3.0]).is_drawn
    assert not sparkline([]).is_drawn
    assert sparkline([None, 3.0, 2.0]).is_drawn


def test_a_line_of_nothing_lies_at_the_bottom() -> None:
    assert sparkline([0.0, 0.0]).stretches == ("0,29 112,29",)


def test_half_hours_are_averaged_and_fallbacks_weigh_by_their_slates() -> None:
    inside = BIN / 4
    minutes = [
        minute(inside, requests_per_minute=300, fallback_share=0.0, p95_ms=10),
        minute(2 * inside, requests_per_minute=100, fallback_share=0.4, p95_ms=30),
        minute(BIN + inside, requests_per_minute=400, fallback_share=0.2, p95_ms=40),
        minute(BINS * BIN, requests_per_minute=9_000),
    ]

    requests, fallbacks, latency, _ = tiles(minutes, now=NOW, deadline_ms=100)

    x = f"{112 * 46 / 47:.1f}"
    assert requests.line.stretches == (f"{x},3 112,16",)  # 400, then 200
    assert fallbacks.line.stretches == (f"{x},3 112,16",)  # 20%, then 10%
    assert latency.line.stretches == (f"{x},3 112,16",)  # 40, then 20
