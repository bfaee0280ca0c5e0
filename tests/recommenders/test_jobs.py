from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks

from recommenders import jobs
from recommenders.models import ModelVersion, Recommender, Training

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + Training.LEASE + timedelta(seconds=1)


@pytest.fixture
def recommender() -> Recommender:
    return Recommender.objects.create(key="item-knn", algorithm="item_knn")


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The trainings that Celery was told of."""
    told: list[int] = []

    def send_task(name: str, *, args: list[int], retry: bool) -> None:
        assert name == "pipelines.train"
        told.extend(args)

    monkeypatch.setattr(current_app, "send_task", send_task)
    return told


def test_a_request_rings_once_its_row_is_committed(
    recommender: Recommender,
    rung: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        training = jobs.request_training(recommender)
        assert rung == []

    assert rung == [training.pk]
    assert training.status == "queued"


def test_a_second_request_joins_the_training_under_way(recommender: Recommender) -> None:
    first = jobs.request_training(recommender)

    assert jobs.request_training(recommender) == first
    assert Training.objects.count() == 1


def test_a_broker_that_is_away_leaves_the_job_for_the_sweep(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(current_app, "send_task", refuse)
    training = jobs.request_training(recommender)
    jobs.ring(training)

    training.refresh_from_db()
    assert training.status == "queued"
    assert jobs.sweep(now=NOW) == [training]


def test_one_worker_claims_a_job(recommender: Recommender) -> None:
    training = jobs.request_training(recommender)

    claimed = jobs.claim(training.pk, now=NOW)

    assert claimed is not None
    assert (claimed.attempts, claimed.leased_until) == (1, NOW + Training.LEASE)
    assert jobs.claim(training.pk, now=NOW) is None


def test_a_worker_that_went_silent_loses_its_job_to_the_next(recommender: Recommender) -> None:
    training = jobs.request_training(recommender)
    first = jobs.claim(training.pk, now=NOW)
    second = jobs.claim(training.pk, now=LATER)

    assert first is not None
    assert second is not None
    assert second.attempts == 2
    assert not jobs.renew(first, now=LATER)
    assert jobs.renew(second, now=LATER)


def test_a_failed_attempt_is_tried_once_more_and_then_given_up(recommender: Recommender) -> None:
    training = jobs.request_training(recommender)

    claimed = jobs.claim(training.pk, now=NOW)
    assert claimed is not None
    assert jobs.give_up(claimed, "out of memory", now=NOW)
    training.refresh_from_db()
    assert training.status == "queued"

    claimed = jobs.claim(training.pk, now=NOW)
    assert claimed is not None
    assert not jobs.give_up(claimed, "out of memory", now=NOW)
    training.refresh_from_db()
    assert (training.status, training.error) == ("failed", "out of memory")
    assert jobs.claim(training.pk, now=LATER) is None


def test_the_sweep_ends_a_job_whose_last_worker_went_away(
    recommender: Recommender, rung: list[int]
) -> None:
    training = jobs.request_training(recommender)
    jobs.claim(training.pk, now=NOW)
    jobs.claim(training.pk, now=LATER)

    assert jobs.sweep(now=LATER + Training.LEASE * 2) == []

    training.refresh_from_db()
    assert training.status == "failed"
    assert training.error == "The worker went away while training."


def test_what_succeeded_cannot_fail_afterwards(recommender: Recommender) -> None:
    claimed = jobs.claim(jobs.request_training(recommender).pk, now=NOW)
    assert claimed is not None
    Training.objects.filter(pk=claimed.pk).update(status="succeeded")

    assert jobs.renew(claimed, now=NOW)
    assert not jobs.give_up(claimed, "ended by signal 15", now=NOW)

    claimed.refresh_from_db()
    assert (claimed.status, claimed.error) == ("succeeded", "")


def test_a_late_failure_of_a_lost_attempt_changes_nothing(recommender: Recommender) -> None:
    training = jobs.request_training(recommender)
    first = jobs.claim(training.pk, now=NOW)
    second = jobs.claim(training.pk, now=LATER)
    assert first is not None
    assert second is not None

    assert not jobs.give_up(first, "too late", now=LATER)

    training.refresh_from_db()
    assert (training.status, training.attempts, training.error) == ("running", 2, "")


def test_success_makes_the_version_live(recommender: Recommender) -> None:
    training = jobs.request_training(recommender)
    version = ModelVersion.objects.create(
        recommender=recommender,
        number=1,
        folder="item-knn/1",
        checksum="0" * 64,
        size_bytes=1,
        data_from=NOW,
        data_until=NOW,
        interactions=1,
        users=1,
        items=1,
    )

    jobs.succeed(training, version, now=NOW)

    recommender.refresh_from_db()
    assert recommender.live == version
    assert (training.status, training.message) == ("succeeded", "Made item-knn@1.")
