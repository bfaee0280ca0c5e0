"""Each rule of cleaning, by what it leaves out of a few rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommenders.dataset.cleaning import Bounds, clean

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTHING = dict.fromkeys(
    (
        "duplicate",
        "absurd_rate",
        "unknown_item",
        "no_value",
        "value_out_of_range",
        "time_out_of_range",
    ),
    0,
)


def rows(*changes: dict[str, Any]) -> pd.DataFrame:
    """A click of its own per change, an hour apart."""
    given = [
        {
            "user": "u",
            "item": f"i{n}",
            "at": NOW - timedelta(days=3, hours=-n),
            "type": "click",
            "value": np.nan,
        }
        | change
        for n, change in enumerate(changes)
    ]
    return pd.DataFrame(given).astype({"value": float})


def left(frame: pd.DataFrame, **bounds: Any) -> tuple[list[str], dict[str, int]]:
    """The items that stay, and the rules that left something out."""
    kept, dropped = clean(frame, Bounds(**bounds), now=NOW)
    assert list(dropped) == list(NOTHING)
    assert len(kept) + sum(dropped.values()) == len(frame)
    return list(kept["item"]), {rule: n for rule, n in dropped.items() if n}


def test_sound_behaviour_is_left_as_it_is() -> None:
    rated = {"type": "rating", "value": -2.5}
    frame = rows({}, {"type": "purchase", "value": 0.0}, rated)

    kept, dropped = clean(frame, Bounds(), now=NOW)

    pd.testing.assert_frame_equal(kept, frame)
    assert dropped == NOTHING


def test_what_is_said_twice_counts_once() -> None:
    same = {"item": "i0", "at": NOW}
    frame = rows(same, same, same | {"type": "view"}, same | {"user": "v"}, same | {"at": NOW})

    assert left(frame) == (["i0"] * 3, {"duplicate": 2})


def test_the_days_on_which_somebody_does_too_much_are_left_out() -> None:
    busy = [{"item": f"b{n}", "at": NOW - timedelta(days=2, minutes=n)} for n in range(4)]
    calm = [{"item": f"c{n}", "at": NOW - timedelta(days=1, minutes=n)} for n in range(3)]
    other = {"user": "v", "item": "o", "at": NOW - timedelta(days=2)}

    kept, dropped = left(rows(*busy, *calm, other), most_a_day=3)

    assert (kept, dropped) == (["c0", "c1", "c2", "o"], {"absurd_rate": 4})


def test_a_day_is_one_of_utc() -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    frame = rows(*({"at": midnight + timedelta(minutes=n)} for n in (-2, -1, 0, 1)))

    assert left(frame, most_a_day=2)[1] == {}
    assert left(frame, most_a_day=1)[1] == {"absurd_rate": 4}


def test_what_is_sent_twice_makes_no_rate_absurd() -> None:
    same = {"item": "i0", "at": NOW}

    assert left(rows(same, same, same), most_a_day=1) == (["i0"], {"duplicate": 2})


@pytest.mark.parametrize(
    ("catalogue", "kept"), [(None, ["i0", "i1"]), ({"i1"}, ["i1"]), (frozenset(), [])]
)
def test_items_are_those_of_the_catalogue_where_there_is_one(
    catalogue: set[str] | None, kept: list[str]
) -> None:
    assert left(rows({}, {}), catalogue=catalogue)[0] == kept


def test_a_rating_without_its_value_says_nothing() -> None:
    frame = rows({"type": "rating"}, {"type": "rating", "value": 4}, {"type": "view"})

    assert left(frame) == (["i1", "i2"], {"no_value": 1})


@pytest.mark.parametrize(
    ("row", "stays"),
    [
        ({"type": "rating", "value": 0.5}, False),
        ({"type": "rating", "value": 1}, True),
        ({"type": "rating", "value": 5}, True),
        ({"type": "rating", "value": 5.01}, False),
        ({"type": "rating", "value": np.inf}, False),
        ({"type": "purchase", "value": 19.9}, True),
        ({"type": "purchase", "value": -19.9}, False),
        ({"type": "purchase", "value": np.inf}, False),
        ({"type": "purchase"}, True),
    ],
)
def test_values_lie_in_their_range(row: dict[str, Any], stays: bool) -> None:
    kept, dropped = left(rows(row), lowest_rating=1.0, highest_rating=5.0)

    assert (kept, dropped) == (["i0"], {}) if stays else ([], {"value_out_of_range": 1})


def test_a_rating_may_have_one_bound() -> None:
    frame = rows(*({"type": "rating", "value": value} for value in (-1, 0, 99)))

    assert left(frame, lowest_rating=0.0)[0] == ["i1", "i2"]
    assert left(frame, highest_rating=0.0)[0] == ["i0", "i1"]


def test_what_is_yet_to_come_was_no_behaviour() -> None:
    frame = rows({"at": NOW + timedelta(days=1)}, {"at": NOW + timedelta(days=1, seconds=1)})

    assert left(frame) == (["i0"], {"time_out_of_range": 1})


def test_nothing_is_left_of_nothing() -> None:
    frame = rows({}).iloc[:0]

    assert left(frame) == ([], {})
