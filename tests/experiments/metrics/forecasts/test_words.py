"""A forecast in sentences."""

from __future__ import annotations

import msgspec
import pytest

from experiments.metrics.forecasts import forecast, words
from experiments.metrics.forecasts.forecast import NO_PRE_PERIOD, NOBODY_YET, WINDOW_NOT_PASSED
from experiments.stats import Reason
from tests.experiments.metrics.forecasts.test_forecast import CORRELATED, of


def test_the_question_names_what_was_asked() -> None:
    end = "with 80% power at 95% confidence:"
    assert words.question(forecast(of(), "clicked", lift=0.0235)) == (
        f"To find a change of +2.35% {end}"
    )
    assert words.question(forecast(of(), "clicked", days=1)) == (
        f"In 1 day the smallest change that is found {end}"
    )
    assert words.question(forecast(of(), "clicked", users=9_000)) == (
        f"With 9,000 users the smallest change that is found {end}"
    )


def test_a_short_pre_period_is_said_and_a_whole_one_is_not() -> None:
    short, whole = (
        words.notes(forecast(of(cuped=CORRELATED, covered=days), "clicked", days=14))
        for days in (5.0, 13.9)
    )
    assert short == ("The log holds 5 of the 14 days before: CUPED will do better than this.",)
    assert whole == ()


def test_a_pre_period_of_minutes_is_said_as_less_than_a_day() -> None:
    [note, *_] = words.notes(forecast(of(cuped=CORRELATED, covered=0.00132), "clicked", days=14))

    assert (
        note
        == "The log holds less than a day of the 14 days before: CUPED will do better than this."
    )


@pytest.mark.parametrize(
    ("days", "written"),
    [
        (0.00132, "less than a day"),
        (0.999, "less than a day"),
        (1.0, "1 day"),
        (1.01, "1 day"),
        (3.54, "3.5 days"),
        (13.99, "14 days"),
        (365.0, "365 days"),
    ],
)
def test_the_days_counted_are_written_as_people_say_them(days: float, written: str) -> None:
    assert words.span(days) == written


def test_a_plan_much_longer_than_what_was_counted_is_said() -> None:
    [note] = words.notes(forecast(of(), "clicked", days=60))

    assert note.startswith("60 days are much longer than what was counted.")
    assert words.notes(forecast(of(), "clicked", days=28)) == ()


def test_newcomers_who_keep_coming_are_worth_a_sentence_where_they_change_much() -> None:
    slowing = forecast(of(new_users=(1_000,) * 7 + (600,) * 7), "clicked", lift=0.12)
    best = slowing.outlook("fixed", cuped=False)

    assert (best.users, best.days, best.soonest) == (20_655, None, 35)
    assert words.notes(slowing) == (
        "Days beyond those counted go by how fast newcomers become fewer. "
        "If they keep coming, fixed may take 35 days where by this it never ends.",
    )
    steady = words.notes(forecast(of(), "clicked", lift=0.12))
    assert not any("If they keep coming" in note for note in steady)


REASONS = [
    *(r for r in Reason if "segments" not in r and "horizon" not in r),
    NO_PRE_PERIOD,
    WINDOW_NOT_PASSED,
    NOBODY_YET,
]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_a_sentence(reason: str) -> None:
    said = words.reason_words(reason)

    assert said.endswith(".")
    assert said[0].isupper()
    assert "_" not in said


def test_arrivals_are_told_by_their_first_and_last_day() -> None:
    found = forecast(of(), "clicked", lift=0.1).counted

    assert words.arrivals_words(found) == "1,000 were new on the first day and 1,000 on the last"
    young = msgspec.structs.replace(found, new_users=())
    assert words.arrivals_words(young) == "Not one whole day was counted"
