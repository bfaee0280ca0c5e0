"""`manage.py plan`: what it says of a log that can be counted in the head."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from events.readers import open_log
from experiments import exclusions
from experiments.metric_definitions import define
from experiments.metrics import METRICS, Metric
from experiments.metrics.forecasts import Forecast, Terms, forecast
from experiments.metrics.measures import Slates
from pipelines import forecasts
from tests.pipelines import readers_log

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 3, 15, tzinfo=UTC)
PLAN = ("plan", "--placement", "home", "--metric", "clicked", "--until", "2026-03-15")

ANSWER = """\
Users who clicked: 10.00% over 1,400 users of home, 1 March 2026 to 15 March 2026 (14 days).
100 were new on the first day and 100 on the last. Planned for 100% of the traffic, arms
50/50.

To find a change of +50% with 80% power at 95% confidence:
                         users  days
  sequential             2,378    24
  sequential with CUPED      -     -
  fixed                  1,368    14
  fixed with CUPED           -     -

Sequential with CUPED, fixed with CUPED: The log holds nothing from before the days counted.
"""


@pytest.fixture
def log(settings: Settings, tmp_path: Path) -> Path:
    settings.LOG_DIR = tmp_path / "log"
    readers_log.write(settings.LOG_DIR, UNTIL)
    return Path(settings.LOG_DIR)


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def answer(*arguments: str) -> Forecast:
    return msgspec.json.decode(said(*PLAN, *arguments, "--json"), type=Forecast)


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        call_command(*arguments, stdout=io.StringIO())
    return str(error.value)


def test_a_lift_is_answered_in_users_and_days(log: Path) -> None:
    assert said(*PLAN, "--lift", "50%") == ANSWER


def test_the_answer_is_that_of_the_calculator_on_the_baseline_of_the_log(log: Path) -> None:
    counted = forecasts.of_log(
        [METRICS["clicked"]], placement="home", until=UNTIL, days=14, lookback_days=14
    )
    terms = Terms(weights=(0.8, 0.1, 0.1), traffic=0.5, confidence=0.9, power=0.9)
    options = ("--weights", "80,10,10", "--traffic", "50%", "--confidence", "90%", "--power", ".9")

    assert counted.new_users == (100,) * 14
    assert answer(*options, "--days", "21") == forecast(
        counted, "clicked", msgspec.structs.replace(terms, weights=(80.0, 10.0, 10.0)), days=21
    )
    assert answer("--users", "900").outlooks == forecast(counted, "clicked", users=900).outlooks
    assert answer().asked == "days"
    assert answer().outlooks[0].days == 14


def test_one_method_can_be_asked_for_and_more_arms(log: Path) -> None:
    found = answer("--lift", "0.5", "--method", "fixed", "--arms", "4", "--lookback-days", "0")

    assert [(o.method, o.cuped) for o in found.outlooks] == [("fixed", False)]
    assert found.terms.weights == (1.0,) * 4


def test_with_a_pre_period_cuped_takes_fewer_users(settings: Settings, tmp_path: Path) -> None:
    settings.LOG_DIR = tmp_path / "log"
    readers_log.write(settings.LOG_DIR, UNTIL, before=True)

    found = answer("--lift", "50%")

    assert found.counted.lookback_covered == 1.0
    assert found.outlook("fixed", cuped=True).users == 451  # the pre-period tells all: the floor
    assert found.outlook("fixed", cuped=False).users == 1_368
    assert "The log holds 1 of the 14 days before" in said(*PLAN, "--lift", "50%")


def test_a_fall_is_written_with_its_sign(log: Path) -> None:
    assert "To find a change of -50% with" in said(*PLAN, "--lift=-50%")


def test_days_and_users_are_answered_by_the_change_they_find(log: Path) -> None:
    by_days, by_users = said(*PLAN, "--days", "28"), said(*PLAN, "--users", "2800")

    assert "In 28 days the smallest change that is found with 80% power" in by_days
    assert "With 2,800 users the smallest change that is found" in by_users
    assert [line.split() for line in by_days.splitlines() if line.startswith("  fixed  ")] == [
        ["fixed", "2,800", "±34%"]
    ]


def test_whom_rules_leave_out_is_not_counted(log: Path) -> None:
    exclusions.leave_out_users("Staff", [f"u{n}" for n in range(0, 1_400, 10)], now=UNTIL)

    assert answer().counted.users == 1_260
    assert answer().counted.value == 0.0
    assert "Sequential, fixed: All users have the same value" in said(*PLAN)


def test_a_teams_own_metric_can_be_planned_for(log: Path) -> None:
    own = Metric(key="slates_each", name="Slates each", kind="mean", numerator=Slates())
    define(metric=own, now=UNTIL)

    counted = msgspec.json.decode(
        said(*PLAN[:4], "slates_each", *PLAN[5:], "--json"), type=Forecast
    ).counted

    assert counted.value == pytest.approx((1_300 * 2 + 100) / 1_400)


def test_files_need_neither_a_log_nor_a_placement(log: Path, tmp_path: Path) -> None:
    opened = open_log(log)
    pq.write_table(opened.exposures().to_pyarrow(), tmp_path / "x.parquet")
    pq.write_table(opened.events().to_pyarrow(), tmp_path / "y.parquet")
    files = ("--exposures", str(tmp_path / "x.parquet"), "--events", str(tmp_path / "y.parquet"))

    found = msgspec.json.decode(
        said("plan", "--metric", "clicked", *files, "--lift", "50%", "--json"), type=Forecast
    )

    # They end at the last exposure, and begin as much before those of the log.
    assert found.counted.placement is None
    assert found.counted.users == 1_400
    assert found.counted.value == 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--metric", "nope"), "There is no metric 'nope'. Known: ctr, clicks_per_user,"),
        (("--placement", "cart"), "nobody who was served on the placement 'cart' from 2026-03-01"),
        (("--placement", "cart"), "Placements with traffic then: home."),
        (("--lift", "5"), "must be a share such as 2% or 0.02: write 5% if you mean it"),
        (("--lift", "two"), "must be a share such as 2% or 0.02, not 'two'"),
        (("--lift", "0%"), "--lift must be above -100% and not 0, not 0."),
        (("--days", "400"), "--days must be 1 to 365, not 400."),
        (("--users", "0"), "--users must be 1 or more, not 0."),
        (("--traffic", "150%"), "--traffic must be above 0 and at most 1, not 1.5."),
        (("--weights", "50;50"), "must be numbers such as 80,10,10, not '50;50'"),
        (("--weights", "1"), "--weights needs at least two arms, each above 0."),
        (("--arms", "1"), "--arms must be 2 to 100, not 1."),
        (("--confidence", "40%"), "--confidence must lie above 0.5 and below 1, not 0.4."),
        (("--power", "1%"), "--power must lie between 0.05 and 1, not 0.01."),
        (("--history-days", "0"), "--history-days must be 1 to 365, not 0."),
        (("--lookback-days", "-1"), "--lookback-days must be 0 to 365, not -1."),
        (("--lookback-days", "nan"), "--lookback-days must be 0 to 365, not nan."),
        (("--until", "yesterday"), "must be a time such as 2026-03-15, not 'yesterday'"),
        (("--exposures", "x.parquet"), "--exposures and --events belong together"),
        (
            ("--exposures", "no.parquet", "--events", "no.parquet"),
            "There is no file no.parquet and no",
        ),
        (("--lift", "1%", "--days", "3"), "not allowed with argument"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(
    log: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(*PLAN, *arguments)


def test_a_file_that_is_not_parquet_is_named(log: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "run.log"
    wrong.write_text("2026-03-01 all is well\n")

    message = refused("plan", "--metric", "ctr", "--exposures", str(wrong), "--events", str(wrong))

    assert message.startswith("The files cannot be read: ")
    assert str(wrong) in message


def test_without_a_placement_it_is_asked_for(log: Path) -> None:
    assert refused("plan", "--metric", "ctr") == (
        "Give --placement KEY: where the experiment will run."
    )


def test_an_empty_log_has_no_traffic(settings: Settings, tmp_path: Path) -> None:
    settings.LOG_DIR = tmp_path / "nothing"

    assert "nobody who was served on the placement 'home'" in refused(*PLAN)
    assert not settings.LOG_DIR.exists()


def test_json_is_json(log: Path) -> None:
    loaded: Any = msgspec.json.decode(said(*PLAN, "--lift", "50%", "--json"))

    assert loaded["asked"] == "lift"
    assert loaded["outlooks"][0]["method"] == "sequential"
