"""Trainings that the clock asks for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from celery import current_app

from experiments.measurement import Measurement
from experiments.models import Experiment
from people.models import AuditEntry
from pipelines import retraining
from recommenders.models import Recommender, Training
from recommenders.services import register
from recommenders.training_settings import PAUSES, Every
from tests.acting import create_experiment, create_placement, start_experiment, stop_experiment
from tests.dashboard.factories import make_recommender
from tests.experiments.conftest import NOW, halves

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)


def recommender(key: str = "knn", every: Every = "daily") -> Recommender:
    made = register(key=key, algorithm="item_knn", config={})
    made.training_settings = {"every": every}
    made.save()
    return made


def asked(one: Recommender, at: datetime, status: str = "succeeded") -> Training:
    training = Training.objects.create(recommender=one, status=status)
    Training.objects.filter(pk=training.pk).update(created_at=at)
    return training


def due(now: datetime) -> list[str]:
    return [training.recommender.key for training in retraining.ask_due(now=now)]


def test_without_a_schedule_the_clock_asks_for_nothing() -> None:
    asked(recommender(every="off"), NOW - timedelta(days=3650))

    assert due(NOW) == []


@pytest.mark.parametrize(
    ("every", "hours"), [("hourly", 1), ("daily", 24), ("weekly", 168), ("monthly", 720)]
)
def test_it_asks_so_long_after_the_last_was_asked_for(every: Every, hours: int) -> None:
    asked(recommender(every=every), NOW)
    pause = PAUSES[every]
    assert pause == hours * HOUR

    assert due(NOW + pause - timedelta(seconds=1)) == []
    assert due(NOW + pause) == ["knn"]
    [training] = Training.objects.filter(status="queued")
    assert training.attempts == 0
    assert AuditEntry.objects.get(verb="train").by == "schedule"


def test_what_was_never_trained_is_due_at_once() -> None:
    recommender()

    assert due(NOW) == ["knn"]


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_a_training_by_hand_moves_the_next_whatever_came_of_it(status: str) -> None:
    one = recommender()
    asked(one, NOW - timedelta(days=2))
    asked(one, NOW - HOUR, status)

    assert due(NOW) == []
    assert due(NOW + 23 * HOUR) == ["knn"]


def test_one_that_still_waits_is_joined() -> None:
    one = recommender()
    waiting = asked(one, NOW - timedelta(days=2), "queued")

    assert [training.pk for training in retraining.ask_due(now=NOW)] == [waiting.pk]
    assert Training.objects.count() == 1


def test_a_frozen_recommender_waits_for_the_end_of_its_experiment_and_no_other_does() -> None:
    arms = [make_recommender("popular"), make_recommender("frozen")]
    Recommender.objects.update(training_settings={"every": "daily"})
    experiment = frozen(arms)
    recommender("other")

    assert due(NOW) == ["other"]

    stop_experiment(experiment, now=NOW)
    Training.objects.update(status="succeeded")
    assert due(NOW) == ["frozen", "popular"]


def frozen(arms: list[Recommender]) -> Experiment:
    draft = create_experiment(
        name="Home CTR",
        placement=create_placement(key="home", name="Home", default_recommender=arms[0]),
        variants=halves(*arms),
        measurement=Measurement(goals=("ctr",), training_data="frozen"),
    )
    return start_experiment(draft, now=NOW)
