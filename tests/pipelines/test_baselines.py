"""Baselines of placements: counted when they are due, and kept for pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from experiments import baselines
from experiments.metrics import METRICS
from experiments.models import Placement, PlacementBaseline
from pipelines import forecasts
from tests.acting import create_placement
from tests.dashboard.factories import make_recommender
from tests.pipelines import readers_log

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 3, 15, tzinfo=UTC)


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Placement:
    settings.LOG_DIR = tmp_path / "log"
    return create_placement(
        key="home", name="Home", default_recommender=make_recommender("popular")
    )


def kept(placement: Placement) -> PlacementBaseline:
    row = baselines.row_of(placement)
    assert row is not None
    return row


def test_a_placement_is_counted_by_every_metric_and_read_as_it_was_counted(
    home: Placement, settings: Settings
) -> None:
    readers_log.write(settings.LOG_DIR, UNTIL)

    assert forecasts.count_due(now=UNTIL) == ["home"]

    found = baselines.baseline_of(kept(home))
    assert found is not None
    assert found == forecasts.of_log(
        list(METRICS.values()), placement="home", until=UNTIL, days=14, lookback_days=14.0
    )
    assert found.users == 1_400
    assert [m.metric.key for m in found.measured] == list(METRICS)


def test_whole_days_are_counted_once_a_day_and_fewer_at_each_tick(
    home: Placement, settings: Settings
) -> None:
    readers_log.write(settings.LOG_DIR, UNTIL)

    forecasts.count_due(now=UNTIL - timedelta(days=2))
    assert [p.key for p in baselines.due(now=UNTIL - timedelta(days=2, minutes=-3))] == []
    assert [p.key for p in baselines.due(now=UNTIL - timedelta(days=2, minutes=-4))] == ["home"]
    forecasts.count_due(now=UNTIL)
    assert [p.key for p in baselines.due(now=UNTIL + timedelta(hours=23))] == []
    assert [p.key for p in baselines.due(now=UNTIL + timedelta(hours=24))] == ["home"]


def test_a_placement_without_traffic_says_so_and_is_looked_at_again(home: Placement) -> None:
    assert forecasts.count_due(now=UNTIL) == []

    row = kept(home)
    assert row.body is None
    assert row.problem.startswith("The log has nobody who was served on the placement 'home'")
    assert baselines.due(now=UNTIL + timedelta(minutes=3)) == []
    assert baselines.due(now=UNTIL + timedelta(minutes=4)) == [home]


def test_what_is_asked_for_is_due_at_once_and_first(home: Placement, settings: Settings) -> None:
    cart = create_placement(key="a-cart", name="Cart", default_recommender=home.default_recommender)
    readers_log.write(settings.LOG_DIR, UNTIL)
    forecasts.count_due(now=UNTIL)
    later = UNTIL + timedelta(minutes=1)

    assert baselines.due(now=later) == []
    assert baselines.ask(home, now=later).is_awaited
    assert baselines.due(now=later) == [home]
    assert baselines.due(now=later + timedelta(hours=2)) == [home, cart]

    forecasts.count_due(now=later + timedelta(seconds=1))
    assert not kept(home).is_awaited


def test_asking_twice_is_asking_once(home: Placement) -> None:
    baselines.ask(home, now=UNTIL)
    baselines.ask(home, now=UNTIL + timedelta(minutes=1))

    assert kept(home).asked_at == UNTIL


def test_one_that_cannot_be_counted_keeps_no_other_from_its_turn(
    home: Placement, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_placement(key="a-cart", name="Cart", default_recommender=home.default_recommender)
    readers_log.write(settings.LOG_DIR, UNTIL)
    whole = forecasts.of_log

    def broken(metrics: object, *, placement: str, **more: object) -> object:
        if placement == "a-cart":
            raise RuntimeError("no memory")
        return whole(metrics, placement=placement, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(forecasts, "of_log", broken)

    assert forecasts.count_due(now=UNTIL) == ["home"]
    assert kept(Placement.objects.get(key="a-cart")).problem == forecasts.UNREADABLE
