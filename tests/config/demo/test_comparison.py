"""The experiment the demonstration runs, and how many shoppers it still lacks."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from config.demo import burst, comparison, training
from experiments.models import Experiment, Placement
from recommenders.models import ModelVersion, Recommender
from tests.acting import stop_experiment

pytestmark = pytest.mark.django_db


@pytest.fixture
def recommenders() -> list[Recommender]:
    """The three, each with a live version: what training leaves behind."""
    made = training.registered()
    for recommender in made:
        recommender.live = ModelVersion.objects.create(
            recommender=recommender,
            number=1,
            folder=f"{recommender.key}/1",
            checksum="0" * 64,
            size_bytes=1,
            data_from=datetime(2026, 1, 1, tzinfo=UTC),
            data_until=datetime(2026, 1, 2, tzinfo=UTC),
            interactions=1,
            users=1,
            items=1,
        )
        recommender.save()
    return made


def test_the_three_are_registered_once_in_their_order() -> None:
    first, second = training.registered(), training.registered()
    assert [one.key for one in first] == ["popular", "item-knn", "conv-ctr"]
    assert first == second
    assert Recommender.objects.count() == 3


def test_the_experiment_is_made_and_started_once(recommenders: list[Recommender]) -> None:
    first = comparison.running(recommenders, now=timezone.now())
    assert comparison.running(recommenders, now=timezone.now()) == first
    assert first.key == "home-ctr"
    assert first.status == Experiment.Status.RUNNING
    assert first.traffic == Decimal("0.8")
    assert [v.key for v in first.variants.all()] == ["popular", "item-knn", "conv-ctr"]
    assert first.measured.segments == ("platform",)
    assert Placement.objects.get().default_recommender.key == "popular"


def test_one_that_was_stopped_stays_stopped_and_wants_nobody(
    recommenders: list[Recommender],
) -> None:
    experiment = comparison.running(recommenders, now=timezone.now())
    assert burst.missing(experiment) == burst.SHOPPERS
    stop_experiment(experiment, now=timezone.now())
    again = comparison.running(recommenders, now=timezone.now())
    assert again.status == Experiment.Status.STOPPED
    assert burst.missing(again) == 0
