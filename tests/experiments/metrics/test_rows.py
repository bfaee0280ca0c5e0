"""Which exposures and clicks count, in which arm, and when. Periods here are 10 s long."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from experiments.metrics import ScorecardSpec
from experiments.metrics.analysis import VOLUME, Analysis
from experiments.metrics.counting import count_log

Row = tuple[str, str, int, float, float]


@pytest.fixture
def rows(log: Any, make_spec: Callable[..., ScorecardSpec]) -> Callable[..., list[Row]]:
    """The rows of the toy log: (variant, user, period, impressions, clicks), sorted."""

    def read(**changes: Any) -> list[Row]:
        spec = make_spec(series=True, **changes)
        with ExitStack() as stack:
            analysis = Analysis(log.exposures, log.events, spec, stack)
            items, clicks = (analysis.columns.of(metric)[0].name for metric in VOLUME)
            rows = analysis.rows.join(analysis.everyone, "uid")
            found = rows.select("arm", "user", "period", items, clicks).to_pyarrow().to_pylist()
        return sorted((spec.variants[arm], *rest) for arm, *rest in map(dict.values, found))

    return read


def test_slates_and_clicks_of_a_user_are_summed_per_period(log: Any, rows: Any) -> None:
    first = log.serve("u", "A", "abc", at=0)
    second = log.serve("u", "A", "cd", at=9)
    log.serve("u", "A", "e", at=10)
    log.click("u", first, "a", at=3)
    log.click("u", first, "c", at=4)
    log.click("u", second, "c", at=9.5)

    assert rows() == [("A", "u", 0, 5, 3), ("A", "u", 1, 1, 0)]


def test_a_user_with_an_empty_slate_is_a_user_without_impressions(log: Any, rows: Any) -> None:
    log.serve("u", "B", "")

    assert rows() == [("B", "u", 0, 0, 0)]


def test_a_click_counts_in_its_own_period(log: Any, rows: Any) -> None:
    request = log.serve("u", "A", "a", at=5)
    log.click("u", request, "a", at=25)

    assert rows() == [("A", "u", 0, 1, 0), ("A", "u", 2, 0, 1)]


def test_a_click_dated_before_its_slate_counts_with_the_slate(log: Any, rows: Any) -> None:
    request = log.serve("u", "A", "a", at=15)
    log.click("u", request, "a", at=2)

    assert rows() == [("A", "u", 1, 1, 1)]


def test_an_item_of_a_slate_is_clicked_once_and_first_time_decides(log: Any, rows: Any) -> None:
    request = log.serve("u", "A", "ab", at=0)
    log.click("u", request, "a", at=31)
    log.click("u", request, "a", at=11)

    assert rows() == [("A", "u", 0, 2, 0), ("A", "u", 1, 0, 1)]


def test_the_same_item_in_two_slates_can_be_clicked_twice(log: Any, rows: Any) -> None:
    for request in (log.serve("u", "A", "a"), log.serve("u", "A", "a")):
        log.click("u", request, "a")

    assert rows() == [("A", "u", 0, 2, 2)]


@pytest.mark.parametrize(
    "click",
    [
        pytest.param({"item": "z"}, id="item not in the slate"),
        pytest.param({"item": None}, id="no item"),
        pytest.param({"request": "elsewhere"}, id="unknown request"),
        pytest.param({"request": None}, id="no request"),
        pytest.param({"user": "w"}, id="another user's request"),
        pytest.param({"type": "view"}, id="not a click"),
        pytest.param({"at": 600.001}, id="after as_of"),
    ],
)
def test_a_click_that_names_no_item_of_the_users_slate_does_not_count(
    log: Any, rows: Any, click: dict[str, Any]
) -> None:
    request = log.serve("u", "A", "ab")
    log.serve("w", "B", "ab")
    log.click(**({"user": "u", "request": request, "item": "a"} | click))

    assert rows() == [("A", "u", 0, 2, 0), ("B", "w", 0, 2, 0)]


def test_what_happens_at_as_of_itself_counts_in_the_last_period(log: Any, rows: Any) -> None:
    request = log.serve("u", "A", "a", at=600)
    log.click("u", request, "a", at=600)
    log.serve("w", "A", "a", at=600.001)

    assert rows() == [("A", "u", 59, 1, 1)]


def test_an_exposure_dated_before_the_start_counts_in_the_first_period(log: Any, rows: Any) -> None:
    log.serve("u", "A", "a", at=-30)

    assert rows() == [("A", "u", 0, 1, 0)]


def test_a_repeated_request_id_of_a_user_is_the_first_slate_only(log: Any, rows: Any) -> None:
    log.serve("u", "A", "abc", at=12, request_id="again")
    log.serve("u", "A", "ab", at=1, request_id="again")

    assert rows() == [("A", "u", 0, 2, 0)]


def test_two_request_ids_of_one_hash_stay_two_slates(
    log: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.metrics.slates.hashed", lambda text: text.length())
    log.serve("u", "A", "abc", at=1, request_id="r1")
    log.serve("u", "A", "ab", at=2, request_id="r2")
    log.serve("u", "A", "abcd", at=3, request_id="r2")

    assert rows() == [("A", "u", 0, 5, 0)]


@pytest.mark.parametrize("reason", ["override", "not_targeted", "holdout"])
def test_an_exposure_that_was_no_split_is_set_aside(log: Any, rows: Any, reason: str) -> None:
    forced = log.serve("u", "B", "ab", reason=reason)
    log.click("u", forced, "a")
    log.serve("u", "A", "a")
    log.serve("tester", "B", "a", reason=reason)

    assert rows() == [("A", "u", 0, 1, 0)]


def test_a_slate_that_fell_back_stays_in_its_arm(log: Any, rows: Any) -> None:
    request = log.serve("u", "B", "ab", fallback="model timed out")
    log.click("u", request, "b")

    assert rows() == [("B", "u", 0, 2, 1)]


def test_another_experiment_and_an_unlisted_variant_do_not_count(log: Any, rows: Any) -> None:
    log.serve("u", "A", "a", experiment="cart")
    log.serve("w", "C", "a")
    log.serve("x", None, "a", experiment=None, phase=None, reason="no_experiment")

    assert rows() == []


def test_a_user_seen_in_two_variants_counts_in_neither(
    log: Any, rows: Any, make_spec: Callable[..., ScorecardSpec]
) -> None:
    log.serve("u", "B", "a", at=1)
    log.serve("u", "A", "a", at=2)
    log.serve("w", "A", "a")
    log.serve("x", "A", "a", at=1)
    log.serve("x", "unlisted", "a", at=2)
    assert rows() == [("A", "w", 0, 1, 0)]
    found = count_log(log.exposures, log.events, make_spec()).who
    assert (found.first_seen, found.crossed) == (((2, 1),), ((1, 1),))


def test_a_second_variant_after_as_of_does_not_reach_back(log: Any, rows: Any) -> None:
    log.serve("u", "B", "a", at=1)
    log.serve("u", "A", "a", at=601)

    assert rows() == [("B", "u", 0, 1, 0)]


def test_a_user_belongs_to_the_phase_of_first_exposure(
    log: Any, rows: Any, make_spec: Callable[..., ScorecardSpec]
) -> None:
    started = make_spec().started_at
    log.serve("old", "A", "ab", at=1)
    later = log.serve("old", "B", "ab", at=301, phase=2)
    log.click("old", later, "a", at=302)
    log.serve("new", "B", "a", at=301, phase=2)

    assert rows() == [("A", "old", 0, 2, 0)]
    assert rows(phase=2, started_at=started + timedelta(minutes=5)) == [("B", "new", 0, 1, 0)]
