from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks

from people.actors import Actor
from people.models import AuditEntry
from recommenders import jobs
from recommenders.exceptions import JobLost
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


def make_version(recommender: Recommender, number: int = 1) -> ModelVersion:
    return ModelVersion.objects.create(
        recommender=recommender,
        number=number,
        folder=f"item-knn/{number}",
        checksum="0" * 64,
        size_bytes=1,
        data_from=NOW,
        data_until=NOW,
        interactions=1,
        users=1,
        items=1,
    )


def test_success_makes_the_version_live(recommender: Recommender) -> None:
    training = jobs.claim(jobs.request_training(recommender).pk, now=NOW)
    assert training is not None
    version = make_version(recommender)

    jobs.succeed(training, version, now=NOW)

    assert (training.status, training.message) == ("succeeded", "Made item-knn@1.")
    training.refresh_from_db()
    recommender.refresh_from_db()
    assert recommender.live == version
    assert (training.status, training.version, training.finished_at) == ("succeeded", version, NOW)


def test_progress_is_kept_with_a_row_of_the_curve_at_a_time(recommender: Recommender) -> None:
    training = jobs.claim(jobs.request_training(recommender).pk, now=NOW)
    assert training is not None

    jobs.report(training, 0.1, "Epoch 1", {"loss": 0.7})
    jobs.report(training, 0.2, "Epoch 2", {"loss": 0.5})
    jobs.report(training, 0.3, "Measuring.")

    training.refresh_from_db()
    assert (training.progress, training.message) == (0.3, "Measuring.")
    assert training.curve == [{"loss": 0.7}, {"loss": 0.5}]


@pytest.fixture
def taken_over(recommender: Recommender) -> tuple[Training, Training]:
    """An attempt that went silent, and the one that has its job now."""
    training = jobs.request_training(recommender)
    first = jobs.claim(training.pk, now=NOW)
    second = jobs.claim(training.pk, now=LATER)
    assert first is not None
    assert second is not None
    return first, second


def test_a_report_of_a_lost_attempt_changes_nothing(
    taken_over: tuple[Training, Training],
) -> None:
    first, second = taken_over
    jobs.report(second, 0.5, "Epoch 3", {"loss": 0.4})

    jobs.report(first, 0.9, "Epoch 6", {"loss": 0.1})

    second.refresh_from_db()
    assert (second.progress, second.message, second.curve) == (0.5, "Epoch 3", [{"loss": 0.4}])


def test_success_of_a_lost_attempt_is_refused_and_nothing_goes_live(
    recommender: Recommender, taken_over: tuple[Training, Training]
) -> None:
    first, second = taken_over
    late, right = make_version(recommender, 1), make_version(recommender, 2)

    with pytest.raises(JobLost, match="item-knn@1 is not made live"):
        jobs.succeed(first, late, now=LATER)

    second.refresh_from_db()
    recommender.refresh_from_db()
    assert (second.status, second.version, recommender.live) == ("running", None, None)

    jobs.succeed(second, right, now=LATER)
    recommender.refresh_from_db()
    assert recommender.live == right


@pytest.mark.parametrize("status", ["queued", "failed", "succeeded"])
def test_success_counts_only_while_the_job_runs(recommender: Recommender, status: str) -> None:
    training = jobs.claim(jobs.request_training(recommender).pk, now=NOW)
    assert training is not None
    Training.objects.filter(pk=training.pk).update(status=status)

    with pytest.raises(JobLost):
        jobs.succeed(training, make_version(recommender), now=NOW)

    recommender.refresh_from_db()
    assert recommender.live is None


def test_a_cancelled_job_is_over_for_its_worker_too(recommender: Recommender) -> None:
    claimed = jobs.claim(jobs.request_training(recommender).pk, now=NOW)
    assert claimed is not None

    assert jobs.cancel(claimed, now=NOW, actor=Actor("maya"))

    assert not jobs.renew(claimed, now=NOW)
    assert not jobs.give_up(claimed, "ended by signal 15", now=NOW)
    with pytest.raises(JobLost):
        jobs.succeed(claimed, make_version(recommender), now=NOW)
    claimed.refresh_from_db()
    assert (claimed.status, claimed.message) == ("cancelled", "Cancelled by maya.")
    assert (claimed.finished_at, claimed.leased_until, claimed.error) == (NOW, None, "")
    assert jobs.claim(claimed.pk, now=LATER) is None
    assert jobs.sweep(now=LATER) == []
    entry = AuditEntry.objects.get(verb="cancel training")
    assert (entry.by, entry.kind, entry.key) == ("maya", "recommender", "item-knn")


def test_a_job_that_waits_can_be_cancelled_and_another_asked_for(recommender: Recommender) -> None:
    first = jobs.request_training(recommender)
    jobs.cancel(first, now=NOW)

    assert jobs.request_training(recommender).pk != first.pk


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_what_has_ended_is_not_cancelled(recommender: Recommender, status: str) -> None:
    training = jobs.request_training(recommender)
    Training.objects.filter(pk=training.pk).update(status=status)

    assert not jobs.cancel(training, now=NOW)

    training.refresh_from_db()
    assert (training.status, training.finished_at) == (status, None)
    assert not AuditEntry.objects.filter(verb="cancel training").exists()
