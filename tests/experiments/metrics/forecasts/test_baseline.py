"""What the log says of a placement before an experiment, in logs small enough to count by hand."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from experiments.metrics import METRICS, InvalidSpec, MissingColumn
from experiments.metrics.builtin import retention
from experiments.metrics.exceptions import NoTraffic, UnknownMetric
from experiments.metrics.exclusions import SlatesPerDay, UserList
from experiments.metrics.forecasts import Baseline, baseline
from experiments.stats import (
    CupedRatioSample,
    CupedSample,
    MeanSample,
    ProportionSample,
    RatioSample,
)
from tests.experiments.metrics.conftest import START, ToyLog

DAY = 86_400
UNTIL = START + timedelta(days=4)


def of(log: ToyLog, *keys: str, **changes: Any) -> Baseline:
    asked: dict[str, Any] = {"placement": "home", "until": UNTIL, "days": 4, "lookback_days": 0.0}
    metrics = [METRICS[key] for key in keys or ("ctr",)]
    return baseline(log.exposures, log.events, metrics, **(asked | changes))


def test_users_count_whichever_experiment_served_them_or_none(log: ToyLog) -> None:
    log.click("u1", log.serve("u1", "A", "abcd"), "a")
    log.click("u2", log.serve("u2", None, "ab", experiment=None, reason="no_experiment"), "b")
    log.serve("u3", "X", "abcd", experiment="another", phase=3, reason="override")
    log.serve("u4", "A", "abcd", placement="cart")

    found = of(log, "ctr", "clicks_per_user", "clicked")

    assert found.users == 3
    assert found.of("ctr").sample == RatioSample(3, 2.0, 2.0, 10.0, 36.0, 6.0)
    assert found.of("clicks_per_user").sample == MeanSample(3, 2.0, 2.0)
    assert found.of("clicked").sample == ProportionSample(3, 2.0)
    assert found.of("ctr").cuped is None


def test_a_user_who_returns_is_new_once(log: ToyLog) -> None:
    for day in range(4):
        log.serve("u1", "A", "ab", at=day * DAY + 60)
    log.serve("u2", "A", "ab", at=DAY + 60)
    log.serve("u3", "A", "ab", at=DAY + 60)
    log.serve("u3", "A", "ab", at=3 * DAY)
    log.serve("u4", "A", "ab", at=4 * DAY)  # the last instant

    found = of(log, "impressions_per_user")

    assert (found.since, found.until) == (START, UNTIL)
    assert found.new_users == (1, 2, 0, 1)
    assert found.of("impressions_per_user").sample == MeanSample(4, 16.0, 88.0)


def test_the_pre_period_is_read_from_before_the_time(log: ToyLog) -> None:
    log.click("u1", log.serve("u1", "A", "abcd", at=-DAY), "a", at=-DAY)
    log.serve("u1", "A", "ab", at=-DAY, placement="cart")
    log.serve("u1", "A", "ab", at=-3 * DAY)
    log.click("u1", log.serve("u1", None, "abc"), "a")
    log.serve("u2", "A", "ab")

    found = of(log, "ctr", "clicks_per_user", lookback_days=2.0)

    assert found.of("clicks_per_user").cuped == CupedSample(
        MeanSample(2, 1.0, 1.0), MeanSample(2, 1.0, 1.0), 1.0
    )
    assert found.of("ctr").cuped == CupedRatioSample(
        RatioSample(2, 1.0, 1.0, 5.0, 13.0, 3.0),
        RatioSample(2, 1.0, 1.0, 4.0, 16.0, 4.0),
        1.0,
        4.0,
        3.0,
        12.0,
    )
    assert (found.lookback_days, found.lookback_covered) == (2.0, 1.0)


def test_a_metric_with_a_window_is_of_users_whose_window_has_passed(log: ToyLog) -> None:
    day_two = retention(2)
    log.serve("u1", "A", "ab")
    log.serve("u1", "A", "ab", at=2 * DAY + 60)
    log.serve("u2", "A", "ab")
    log.serve("u3", "A", "ab", at=2 * DAY)  # its second day ends after the time

    found = baseline(
        log.exposures, log.events, [day_two], placement="home", until=UNTIL, days=4, lookback_days=0
    )

    assert found.users == 3
    assert found.of("retention_day_2").sample == ProportionSample(2, 1.0)


@pytest.mark.parametrize(
    ("first", "since", "arrivals"),
    [
        (3_600.0, 0.0, (1, 0, 0, 0)),  # within the first day: the time stays as asked
        (1.5 * DAY, 2 * DAY, (1, 0)),  # later: from the first whole day
        (3.5 * DAY, 3.5 * DAY, ()),  # not one whole day
    ],
)
def test_a_young_log_shortens_the_time_to_whole_days(
    log: ToyLog, first: float, since: float, arrivals: tuple[int, ...]
) -> None:
    log.serve("u1", "A", "ab", at=first)
    log.serve("u1", "A", "ab", at=max(first, since) + 5)

    found = of(log, "impressions_per_user")

    assert found.since == START + timedelta(seconds=since)
    assert found.new_users == arrivals
    assert found.users == 1


def test_a_repeated_request_id_is_one_slate(log: ToyLog) -> None:
    log.serve("u1", "A", "ab", request_id="r")
    log.serve("u1", "A", "ab", request_id="r", at=1)

    assert of(log, "impressions_per_user").of("impressions_per_user").sample.mean == 2.0


def test_whom_rules_leave_out_is_not_in_the_baseline_either(log: ToyLog) -> None:
    for second in range(3):
        log.serve("robot", "A", "ab", at=second, placement="cart")
    log.serve("robot", "A", "ab")
    log.serve("staff", "A", "ab")
    log.serve("u1", "A", "ab")

    rules = (SlatesPerDay(limit=3), UserList(name="Staff", users=("staff",)))

    assert of(log).users == 3
    assert of(log, exclusions=rules).users == 1
    assert of(log, exclusions=rules).new_users == (1, 0, 0, 0)


def test_without_a_placement_every_slate_counts(log: ToyLog) -> None:
    log.serve("u1", "A", "abc", at=-DAY, placement="cart")
    log.serve("u1", "A", "ab")
    log.serve("u2", "A", "ab", placement="cart")

    found = of(log, "impressions_per_user", placement=None, lookback_days=2.0)

    assert found.users == 2
    assert found.of("impressions_per_user").cuped == CupedSample(
        MeanSample(2, 4.0, 8.0), MeanSample(2, 3.0, 9.0), 6.0
    )


def test_files_need_no_variant_and_no_placement(connection: Any) -> None:
    served = connection.create_table(
        "plain_x", pa.table({"user": ["u"], "at": [START], "impressions": [3]}), overwrite=True
    )
    later = START + timedelta(seconds=1)
    done = connection.create_table(
        "plain_y", pa.table({"type": ["click"], "user": ["u"], "at": [later]}), overwrite=True
    )

    found = baseline(
        served, done, [METRICS["ctr"]], placement=None, until=UNTIL, days=4, lookback_days=0
    )

    assert found.of("ctr").sample == RatioSample(1, 1.0, 1.0, 3.0, 9.0, 3.0)
    with pytest.raises(MissingColumn, match="exposures has no usable column 'placement'"):
        baseline(served, done, [METRICS["ctr"]], placement="home", until=UNTIL, days=4)


def test_a_placement_without_traffic_is_refused_and_those_with_some_are_named(log: ToyLog) -> None:
    log.serve("u1", "A", "ab")
    log.serve("u1", "A", "ab", placement="cart")
    log.serve("u1", "A", "ab", at=-5 * DAY, placement="checkout")

    with pytest.raises(NoTraffic) as refused:
        of(log, placement="checkout")

    assert str(refused.value) == (
        "The log has nobody who was served on the placement 'checkout' from 2026-03-01 12:00 to "
        "2026-03-05 12:00 UTC. Placements with traffic then: cart, home."
    )


def test_an_empty_log_has_no_traffic(log: ToyLog) -> None:
    with pytest.raises(NoTraffic, match=r"until 2026|to 2026-03-05 12:00 UTC\.$"):
        of(log)


def test_no_days_and_no_metrics_are_refused(log: ToyLog) -> None:
    log.serve("u1", "A", "ab")

    for wrong in ({"days": 0}, {"lookback_days": -1.0}):
        with pytest.raises(InvalidSpec):
            of(log, **wrong)
    with pytest.raises(InvalidSpec):
        baseline(log.exposures, log.events, [], placement="home", until=UNTIL)


def test_a_metric_that_was_not_counted_is_refused_and_the_counted_are_named(log: ToyLog) -> None:
    log.serve("u1", "A", "ab")

    with pytest.raises(UnknownMetric, match=r"There is no metric 'ctrr'. Known: ctr, clicked\."):
        of(log, "ctr", "clicked").of("ctrr")


def test_a_baseline_survives_json(log: ToyLog) -> None:
    log.click("u1", log.serve("u1", "A", "abcd", at=-DAY), "a", at=-DAY)
    log.click("u1", log.serve("u1", None, "abc"), "a")
    found = of(log, *METRICS, lookback_days=2.0)

    again = msgspec.json.decode(msgspec.json.encode(found), type=Baseline)

    assert again == found
    assert [m.sample for m in again.measured] == [m.sample for m in found.measured]
    assert [m.cuped for m in again.measured] == [m.cuped for m in found.measured]
    assert isinstance(again.until, datetime)
